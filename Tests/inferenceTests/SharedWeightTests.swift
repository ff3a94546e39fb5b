// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Two processes that serve one model hold its weights once")
struct SharedWeightTests {
    private struct Line: Decodable {
        let weightBytes: Int
        let loadSeconds: Double
    }

    /// Bytes of a line of /proc/PID/smaps_rollup.
    private func bytes(_ name: String, of process: ServiceProcess) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/smaps_rollup", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return 1024 * (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
    }

    @Test("the second packs nothing, and each is charged for half", .timeLimit(.minutes(3)))
    func shared() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shared-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let options = [
            "--size", "15m", "--format", "bfloat16", "--prompt", "8", "--decode", "2", "--repeat", "1", "--packed",
            folder.path, "--hold", "yes",
        ]
        var processes: [ServiceProcess] = []
        var lines: [Line] = []
        for _ in 0..<2 {
            let process = try ServiceProcess(options, name: "inference-driver")
            processes.append(process)
            let isReady = try await ServiceProcess.wait { process.printed.hasSuffix("\n") }
            #expect(isReady, "\(process.said)")
            lines.append(try JSONDecoder().decode(Line.self, from: Data(process.printed.utf8)))
        }
        let weights = lines[0].weightBytes
        for process in processes {
            let (resident, share) = (try bytes("Rss", of: process), try bytes("Pss", of: process))
            let shared = try bytes("Shared_Clean", of: process)
            #expect(shared >= weights && resident - share >= weights * 9 / 20, "\(resident) \(share) \(shared)")
        }
        #expect(lines[1].loadSeconds < lines[0].loadSeconds)
        for process in processes { _ = try process.finish() }
    }
}
