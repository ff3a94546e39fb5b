// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc
import Synchronization

/// An executable of ours as a process of its own, found beside the test bundle.
public struct ServiceProcess: Sendable {
    /// How a process ended, and what it printed.
    public struct Result: Sendable {
        /// Its exit code; negative for the signal that killed it.
        public var status: Int32
        public var output: String
        public var errors: String
    }

    /// Where the executables are.
    public static var folder: URL {
        guard let path = realpath("/proc/self/exe", nil) else { return URL(filePath: ".") }
        defer { free(path) }
        return URL(filePath: String(cString: path)).deletingLastPathComponent()
    }

    /// Held while a process is started: what is started between a pipe's making and its marking would inherit it.
    static let spawning = Mutex(())

    /// Its number.
    public let pid: pid_t
    /// The end of its standard input that is ours.
    private let input: Int32
    private let output: URL
    private let errors: URL

    /// Starts the executable; its output goes to files, so that it never waits for a reader.
    ///
    /// Not Foundation's `Process`: its pipes are inherited by whatever other tests start meanwhile, so that an input
    /// that was closed has no end, and its `waitUntilExit` then waits for ever.
    /// - Parameters:
    ///   - shell: commands of `/bin/sh` that come before, in the same process, such as a limit.
    ///   - launcher: a program and its arguments that runs the executable named by the arguments after them.
    public init(
        _ arguments: [String], name: String = "tokenizer", environment: [String: String] = [:],
        shell: String? = nil, launcher: [String] = []
    ) throws {
        let executable = Self.folder.appending(path: name).path
        let folder = FileManager.default.temporaryDirectory.appending(path: "mellama-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        output = folder.appending(path: "out")
        errors = folder.appending(path: "err")
        var words = [executable] + arguments
        if let shell {
            words = ["/bin/sh", "-c", "\(shell); exec \"$0\" \"$@\""] + words
        } else if !launcher.isEmpty {
            words = ["/usr/bin/env"] + launcher + words
        }
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MELLAMA_") }
        all["XDG_DATA_HOME"] = folder.path
        all.merge(environment) { $1 }
        let (output, errors) = (output.path, errors.path)
        (pid, input) = try Self.spawning.withLock { _ in
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
            defer { close(ends[0]) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (try Self.spawn(words, environment: all, input: ends[0], output: output, errors: errors), ends[1])
        }
    }

    private static func spawn(
        _ words: [String], environment: [String: String], input: Int32, output: String, errors: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        for (descriptor, path) in [(Int32(1), output), (2, errors)] {
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        // A pool's thread blocks signals, and what it starts would do so too.
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .ENOENT) }
        return pid
    }

    /// Writes to the process's input.
    public func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { throw POSIXError(.EPIPE) }
            sent += count
        }
    }

    /// Sends the process a signal.
    public func signal(_ number: Int32) { kill(pid, number) }

    /// What it has printed so far.
    public var printed: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    /// What it has said on stderr so far.
    public var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Closes the input, waits for the end, and answers what was printed.
    public func finish(closingInput: Bool = true) throws -> Result {
        if closingInput { close(input) }
        defer { if !closingInput { close(input) } }
        defer { try? FileManager.default.removeItem(at: output.deletingLastPathComponent()) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw POSIXError(.ECHILD) }
        }
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
        return Result(status: code, output: printed, errors: said)
    }

    /// Runs a process to its end.
    public static func run(
        _ arguments: [String], name: String = "tokenizer", input: String = "", environment: [String: String] = [:],
        shell: String? = nil, launcher: [String] = []
    ) throws -> Result {
        let process = try ServiceProcess(
            arguments, name: name, environment: environment, shell: shell, launcher: launcher)
        if !input.isEmpty { try process.write(input) }
        return try process.finish()
    }

    /// Waits until a condition holds, for at most a minute: other tests hold the pool's threads while their processes run.
    public static func wait(until condition: () throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try condition() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}
