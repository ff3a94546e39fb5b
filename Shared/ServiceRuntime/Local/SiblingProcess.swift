// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc
import Jobs
import Messages
import Synchronization

/// A child process that answers a line for a line.
final class SiblingProcess: Sendable {
    /// A longer answer is refused: it would fill the memory.
    static let maximumAnswer = 1 << 30

    private struct Pipes {
        var input: Int32
        var answers: LineReader
    }

    private let name: String
    private let pid: pid_t
    /// Held for a question and its answer.
    private let pipes: Mutex<Pipes>
    private let isOver = Mutex(false)

    /// Starts `executable` with its stdin and stdout ours and its stderr this process's.
    init(executable: String, arguments: [String], environment: [String: String]) throws {
        name = String(executable.split(separator: "/").last ?? "")
        guard access(executable, X_OK) == 0 else {
            throw JobFailure(
                .internalError, title: "A service is missing",
                detail: "\(executable) is not there or can't be run; build it, and keep the executables together")
        }
        var input: [Int32] = [0, 0]
        var output: [Int32] = [0, 0]
        guard Self.pipe(&input) else { throw Self.failure(executable, errno) }
        guard Self.pipe(&output) else {
            let number = errno
            for end in input { close(end) }
            throw Self.failure(executable, number)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid = pid_t()
        let status = posix_spawn(&pid, executable, &actions, nil, &argv, &envp)
        close(input[0])
        close(output[1])
        guard status == 0 else {
            close(input[1])
            close(output[0])
            throw Self.failure(executable, status)
        }
        self.pid = pid
        pipes = Mutex(Pipes(input: input[1], answers: LineReader(output[0], limit: Self.maximumAnswer)))
    }

    /// A pipe that children do not inherit. Callers start one process at a time, so none is made in between.
    private static func pipe(_ ends: inout [Int32]) -> Bool {
        guard Glibc.pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return true
    }

    private static func failure(_ executable: String, _ number: Int32) -> JobFailure {
        JobFailure(
            .internalError, title: "A service can't be started",
            detail: "\(executable): \(String(cString: strerror(number)))", retryable: true)
    }

    /// Writes a line and blocks until its answer has come.
    func ask(_ line: [UInt8]) throws -> [UInt8] {
        try pipes.withLock { pipes in
            var offset = 0
            while offset < line.count {
                let count = line[offset...].withUnsafeBytes { write(pipes.input, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw ended() }
                offset += count
            }
            guard let answer = try pipes.answers.next() else { throw ended() }
            return answer
        }
    }

    private func ended() -> JobFailure {
        JobFailure(
            .childFailed, title: "A service ended before its answer",
            detail: "the \(name) process that was asked has ended; its last words are on stderr", retryable: true)
    }

    /// Asks the process to end at once.
    func stop() { isOver.withLock { if !$0 { _ = kill(pid, SIGTERM) } } }

    /// Tells the process that no more is asked, and waits for its end.
    func end() {
        pipes.withLock { pipes in
            close(pipes.input)
            close(pipes.answers.file)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        isOver.withLock { $0 = true }
    }
}
