// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Glibc
import Synchronization

/// A process started by a test: its input a pipe that ends with us, its output in a file.
public final class ChildProgram: Sendable {
    /// Its number.
    public let pid: pid_t
    private let input: Int32
    private let ending = Mutex<Int32?>(nil)

    /// Starts the program of this path; what it prints is appended to `log`.
    public init(_ arguments: [String], environment: [String: String], log: String) throws {
        var ends: [Int32] = [0, 0]
        // Closed in every other process that is started, from the first moment, or our end would not be the pipe's end.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw ChildProgramError("no pipe to be had") }
        defer { close(ends[0]) }
        input = ends[1]
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // A group of its own: what ends the tests' group is not to end the program before its guardian does.
        // A pool's thread blocks signals, and what it starts would do so too.
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let status = ServiceProcess.spawning.withLock { _ in
            posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
        }
        guard status == 0 else {
            close(input)
            throw ChildProgramError("can't start \(arguments[0]): \(String(cString: strerror(status)))")
        }
        self.pid = pid
    }

    deinit { close(input) }

    /// How it ended, as `waitpid` tells; nil while it runs.
    public var status: Int32? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            ending = status
            return status
        }
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { status == nil }

    /// The exit code, once it has ended; minus the signal where one ended it.
    public var exitCode: Int32? { status.map { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : -($0 & 0x7F) } }

    /// Sends it a signal, unless it has ended.
    public func signal(_ number: Int32) {
        ending.withLock { ending in if ending == nil { _ = Glibc.kill(pid, number) } }
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    public func end() {
        signal(SIGKILL)
        while isRunning { usleep(1_000) }
    }
}

/// Why a program could not be started.
public struct ChildProgramError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}
