// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Corpora

@Suite("A mixture keeps its ratio to the token, and every prefix near it")
struct MixturePlanTests {
    private let available: [CorpusDomain: Int] = [.biomedical: 100_000, .clinical: 3_000, .general: 50_000]

    private func plan(
        _ available: [CorpusDomain: Int], mix: [CorpusDomain: Double]? = CorpusOptions.paperMix, tokens: Int?,
        repetitions: Double = 16
    ) throws -> MixturePlan {
        try MixturePlan(
            available: available, mix: mix, tokens: tokens, sequenceLength: 128, maximumRepetitions: repetitions)
    }

    @Test("15 : 1 : 4 of a budget", arguments: [20_000, 400_000, 99_999, 12_345])
    func budget(tokens: Int) throws {
        let quotas = try plan(available, tokens: tokens).quotas
        #expect(quotas.values.reduce(0, +) == tokens)
        for (domain, share) in [(CorpusDomain.biomedical, 0.75), (.clinical, 0.05), (.general, 0.2)] {
            #expect(abs(Double(quotas[domain] ?? 0) - share * Double(tokens)) < 1)
        }
    }

    @Test("without a budget nothing is repeated and the scarcest domain is used up")
    func scarcest() throws {
        #expect(try plan(available, tokens: nil).quotas == [.biomedical: 45_000, .clinical: 3_000, .general: 12_000])
        #expect(try plan(available, mix: nil, tokens: nil).quotas == available)
    }

    @Test("too much repetition, an empty domain and too little text are refused with numbers")
    func refusals() {
        func detail(_ body: () throws -> MixturePlan) -> String {
            let error = #expect(throws: CorporaError.self) { _ = try body() }
            #expect(error?.code == .tooLittleText)
            return error?.detail ?? ""
        }
        #expect(detail { try plan(available, tokens: 1_000_000, repetitions: 2) }.contains("ask for 120000 tokens"))
        #expect(detail { try plan([.biomedical: 9, .general: 9], tokens: 1000) }.contains("no clinical text"))
        #expect(
            detail { try plan([.biomedical: 900, .clinical: 3, .general: 900], tokens: nil) }.contains("60 tokens"))
    }

    @Test("every prefix of rows is within one row of the ratio")
    func prefixes() throws {
        let plan = try plan(available, tokens: 128 * 200)
        let order = plan.order(sequenceLength: 128)
        #expect(order.count == 200)
        var seen: [CorpusDomain: Int] = [:]
        for (number, domain) in order.enumerated() {
            seen[domain, default: 0] += 1
            for (domain, share) in [(CorpusDomain.biomedical, 0.75), (.clinical, 0.05), (.general, 0.2)] {
                #expect(abs(Double(seen[domain] ?? 0) - share * Double(number + 1)) <= 1)
            }
        }
        #expect(seen == [.biomedical: 150, .clinical: 10, .general: 40])
    }
}
