// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@Suite("The most memory a process has resident is what was planned, to 15 parts in a hundred", .serialized)
struct PeakMemoryTests {
    struct Line: Decodable {
        let peakBytes: Int
        let plannedBytes: Int
    }

    /// Built beside the tests, like every executable of the package.
    private static let driver: URL = {
        guard let path = realpath("/proc/self/exe", nil) else { return URL(filePath: "training-driver") }
        defer { free(path) }
        return URL(filePath: String(cString: path)).deletingLastPathComponent().appending(path: "training-driver")
    }()

    @Test(
        "full and adapter, both precisions, long and short rows, kept and recomputed",
        arguments: [
            "--precision float32", "--precision bfloat16", "--precision float32 --recompute block --batch 2",
            "--precision bfloat16 --lora yes --seq 1024 --batch 2", "--precision float32 --lora yes --seq 128",
            "--precision bfloat16 --seq 2048 --batch 1",
        ])
    func peak(_ arguments: String) throws {
        // A process of its own: other tests use memory here at the same time.
        let output = FileManager.default.temporaryDirectory.appending(path: "peak-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: output) }
        let command = "exec '\(Self.driver.path)' --size 15m --steps 1 \(arguments) > '\(output.path)'"
        try #require(system(command) == 0, "\(command) failed")
        let line = try JSONDecoder().decode(Line.self, from: Data(contentsOf: output))
        let ratio = Double(line.plannedBytes) / Double(line.peakBytes)
        #expect(ratio > 0.85 && ratio < 1.15, "planned \(line.plannedBytes), peak \(line.peakBytes)")
    }
}
