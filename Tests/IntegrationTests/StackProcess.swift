// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import TestSupport

/// `mellama up` as a process, and a guardian that cleans up after it should the tests be killed.
final class StackProcess: Sendable {
    /// `up.json`.
    struct Note: Codable, Sendable {
        var pid: Int32
        var url: String
        var children: [String: Int32]
        var adminPorts: [String: Int]

        static func read(_ path: String) throws -> Note {
            let bytes = try Data(contentsOf: URL(filePath: path))
            return try MessageDecoder(policy: .lenient).decode(Note.self, from: MessageDecoder.parse(bytes))
        }
    }

    /// Executables are built beside the test bundle.
    static let programs: String = {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        return URL(filePath: String(cString: path)).deletingLastPathComponent().path
    }()

    private let up: ChildProgram
    private let guardian: ProcessGuardian
    private let folder: String

    init(folder: String, inference: Int, dataRoots: [String], environment: [String: String]) throws {
        self.folder = folder
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MELLAMA_") }
        all["HOME"] = folder
        // Long enough for workers of a busy machine, short enough to wait for.
        all["MELLAMA_LEASE_SECONDS"] = "4"
        all.merge(environment) { $1 }
        up = try ChildProgram(
            ["\(Self.programs)/mellama", "up", "--state", "\(folder)/state", "--inference", "\(inference)"]
                + dataRoots.flatMap { ["--data-root", $0] },
            environment: all, log: "\(folder)/up.log")
        guardian = try ProcessGuardian(of: up.pid, grace: 40, folder: folder)
    }

    /// Waits until the stack is up.
    func ready() async throws -> Note {
        let path = "\(folder)/state/up.json"
        try await eventually(within: .seconds(90)) {
            guard self.up.isRunning else {
                let said = (try? String(contentsOfFile: "\(self.folder)/up.log", encoding: .utf8)) ?? ""
                throw StackError("mellama up ended at start: \(said)")
            }
            return (try? Note.read(path)) != nil
        }
        return try Note.read(path)
    }

    /// Stops the stack, and makes sure that none of its processes is left.
    func stop() async throws {
        let children = (try? Note.read("\(folder)/state/up.json"))?.children.values.map { $0 } ?? []
        for child in children { kill(child, SIGCONT) }
        up.signal(SIGTERM)
        do {
            try await eventually(within: .seconds(60)) { !self.up.isRunning }
        } catch {
            up.signal(SIGKILL)
            for child in children { kill(child, SIGKILL) }
            try await eventually { !self.up.isRunning }
        }
        try await eventually(within: .seconds(20)) { children.allSatisfy { kill($0, 0) != 0 } }
        guardian.dismiss()
    }
}
