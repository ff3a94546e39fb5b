// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// An executable of ours as a process of its own, found beside the test bundle.
public struct ServiceProcess {
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

    private let process = Process()
    private let input = Pipe()
    private let output: URL
    private let errors: URL

    /// Starts the executable; its output goes to files, so that it never waits for a reader.
    ///
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
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        if let shell {
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", executable] + arguments
        } else if !launcher.isEmpty {
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = launcher + [executable] + arguments
        } else {
            process.executableURL = URL(filePath: executable)
            process.arguments = arguments
        }
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MELLAMA_") }
        all["XDG_DATA_HOME"] = folder.path
        process.environment = all.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    /// Writes to the process's input.
    public func write(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    /// Sends the process a signal.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// What it has printed so far.
    public var printed: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    /// What it has said on stderr so far.
    public var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Closes the input, waits for the end, and answers what was printed.
    public func finish(closingInput: Bool = true) throws -> Result {
        if closingInput { try input.fileHandleForWriting.close() }
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: output.deletingLastPathComponent()) }
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Result(status: status, output: printed, errors: said)
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

    /// Waits until a condition holds, for at most 20 seconds.
    public static func wait(until condition: () throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if try condition() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}
