// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import Synchronization
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

    /// Waits for the end of its input: the tests are over, however they ended. What they left running is stopped then,
    /// and what they left behind is removed.
    private static let guardian = """
        trap '' INT TERM HUP
        while read -r word; do
            case $word in done) exit 0 ;; *) up=$word ;; esac
        done
        if [ -n "$up" ] && kill -0 "$up" 2>/dev/null; then
            kill "$up"
            for _ in $(seq 200); do kill -0 "$up" 2>/dev/null || break; sleep 0.2; done
            kill -9 "$up" 2>/dev/null
        fi
        sleep 0.5
        rm -rf "$0"
        """

    private let up: ChildProgram
    private let guardian: ChildProgram
    private let folder: String

    init(folder: String, inference: Int, dataRoots: [String], environment: [String: String]) throws {
        self.folder = folder
        guardian = try ChildProgram(
            ["/bin/sh", "-c", Self.guardian, folder], environment: ["PATH": "/usr/bin:/bin"], log: "/dev/null")
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MELLAMA_") }
        all["HOME"] = folder
        // Long enough for workers of a busy machine, short enough to wait for.
        all["MELLAMA_LEASE_SECONDS"] = "4"
        all.merge(environment) { $1 }
        up = try ChildProgram(
            ["\(Self.programs)/mellama", "up", "--state", "\(folder)/state", "--inference", "\(inference)"]
                + dataRoots.flatMap { ["--data-root", $0] },
            environment: all, log: "\(folder)/up.log")
        try guardian.write("\(up.pid)\n")
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
        try guardian.write("done\n")
        try await eventually { !self.guardian.isRunning }
    }
}
