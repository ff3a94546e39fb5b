// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FaultInjection
import Foundation
import TestSupport
import Testing

/// `make chaos SEED=… MINUTES=…` runs this for longer; without `MELLAMA_CHAOS_SECONDS` it is a short one.
@Suite("Chaos", .serialized)
struct ChaosTestsSerial {
    @Test("Under everything at once nothing is lost and nothing is done twice")
    func chaos() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["MELLAMA_CHAOS_SEED"].flatMap { UInt64($0) } ?? 1
        let seconds = environment["MELLAMA_CHAOS_SECONDS"].flatMap { Int($0) } ?? 25
        try await FaultBench.with { bench in
            let chaos = try Chaos(bench, seed: seed)
            try await chaos.run(for: .seconds(seconds))
            let report = try await chaos.report()
            print(report.text)
            #expect(report.lost == [])
            #expect(report.doubled == [])
            #expect(report.problems == [])
        }
    }
}
