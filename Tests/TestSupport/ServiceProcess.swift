// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

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

    /// Its number.
    public let pid: pid_t
    /// The end of its standard input that is ours.
    private let input: Int32
    private let output: URL
    private let errors: URL

    /// Starts the executable; its output goes to files, so that it never waits for a reader.
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
        let process = try SpawnedProcess(words, environment: all, output: output.path, errors: errors.path)
        (pid, input) = (process.pid, process.input)
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
        return Result(status: SpawnedProcess.exitCode(status), output: printed, errors: said)
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
