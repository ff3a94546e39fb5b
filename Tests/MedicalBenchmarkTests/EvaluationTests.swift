// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import MedicalBenchmark

@Suite("An evaluation asks every item once and scores what it is told")
struct EvaluationTests {
    /// Knows the answers of the fixture by their questions, but for one.
    private static func knowing(_ request: PromptRequest) -> String {
        if request.prompt.contains("INPUT: Does a daily walk") { return " Yes, it does." }
        if request.prompt.contains("INPUT: Is the length of a finger") { return " no" }
        if request.prompt.contains("INPUT: Can humming") { return " I do not know; maybe" }
        if request.prompt.contains("INPUT: Do reminders") { return " yes" }
        if request.prompt.contains("INPUT: Does blue ink") { return " It is not clear" }
        return " no"
    }

    private func run(
        _ settings: EvaluationSettings, model: ScriptedModel = ScriptedModel(writes: { EvaluationTests.knowing($0) })
    ) async throws -> EvaluationOutcome {
        try await BenchmarkFixtures.evaluation(settings: settings).run(on: model, modelIdentity: "m")
    }

    @Test("Mode generate, both profiles")
    func generate() async throws {
        let strict = try await run(EvaluationSettings())
        #expect(strict.rows.map(\.parsed) == ["yes", "no", "maybe", "yes", nil, "no"])
        #expect(strict.rows.map(\.correct) == [true, true, true, true, false, false])
        #expect(strict.result.metrics["accuracy"]?.value == 4.0 / 6)
        #expect(strict.result.parseRate == 5.0 / 6)
        #expect(strict.result.majority?.label == "yes" && strict.result.majority?.accuracy == 0.5)
        #expect(strict.result.prompt == "table-a2/1" && strict.result.items == 6 && strict.result.shots == 0)
        let published = try await run(EvaluationSettings(profile: .published))
        #expect(published.rows.map(\.parsed) == ["yes", "no", "no", "yes", "no", "no"])
        #expect(published.result.parseRate == 1)
    }

    @Test("Mode loglikelihood takes the likeliest answer, the first of equals")
    func logLikelihood() async throws {
        let model = ScriptedModel(scores: { request in
            request.context.contains("INPUT: Can humming") && request.continuation == " maybe" ? -1 : -2
        })
        let outcome = try await run(EvaluationSettings(mode: .loglikelihood), model: model)
        #expect(outcome.rows.map(\.parsed) == ["yes", "yes", "maybe", "yes", "yes", "yes"])
        #expect(outcome.rows[2].scores == ["yes": -2, "no": -2, "maybe": -1])
        #expect(outcome.result.parseRate == 1 && outcome.result.decoding?.maxTokens == nil)
        let diverged = ScriptedModel(scores: { _ in .nan })
        await #expect(throws: BenchmarkError.self) {
            _ = try await run(EvaluationSettings(mode: .loglikelihood), model: diverged)
        }
    }

    @Test("Mode constrained gives the choices, and takes nothing else for an answer")
    func constrained() async throws {
        let model = ScriptedModel(writes: { ($0.choices?.last ?? "") + " " })
        let outcome = try await run(EvaluationSettings(mode: .constrained), model: model)
        #expect(outcome.rows.allSatisfy { $0.parsed == "maybe" })
        #expect(model.seen.requests.allSatisfy { $0.choices == [" yes", " no", " maybe"] && $0.maxTokens == 2 })
        let free = try await run(
            EvaluationSettings(mode: .constrained), model: ScriptedModel(writes: { _ in "yes indeed" }))
        #expect(free.rows.allSatisfy { $0.parsed == nil })
    }

    @Test("Neither batches nor concurrency change rows, result or their order")
    func batches() async throws {
        let reference = try await run(EvaluationSettings(shots: 2, batchSize: 1))
        for (size, concurrent) in [(2, 1), (4, 3), (100, 2), (1, 6)] {
            let order = Mutex<[String]>([])
            let outcome = try await BenchmarkFixtures.evaluation(
                settings: EvaluationSettings(shots: 2, batchSize: size, concurrentBatches: concurrent)
            ).run(on: ScriptedModel(writes: { EvaluationTests.knowing($0) }), modelIdentity: "m") { row in
                order.withLock { $0.append(row.id) }
            }
            #expect(outcome == reference)
            #expect(order.withLock { $0 } == reference.rows.map(\.id))
        }
    }

    @Test("A second run takes up the rows of the first, not those of another model or setting")
    func resume() async throws {
        let first = try await run(EvaluationSettings())
        var file = Data()
        for row in first.rows.prefix(4) { file += try row.jsonLine() }
        let whole = file.count
        file += try first.rows[4].jsonLine().dropLast(5)
        let read = EvaluationRow.rows(fromJSONLines: file)
        #expect(read.bytes == whole && read.rows == Array(first.rows.prefix(4)))

        let model = ScriptedModel(writes: { EvaluationTests.knowing($0) })
        let evaluation = try BenchmarkFixtures.evaluation(settings: EvaluationSettings(batchSize: 2))
        let again = try await evaluation.run(on: model, modelIdentity: "m", resuming: read.rows)
        #expect(again == first)
        #expect(model.seen.prompts.count == 2)
        // Another profile reads the same outputs anew.
        let profile = try BenchmarkFixtures.evaluation(settings: EvaluationSettings(profile: .published))
        let published = try await profile.run(on: ScriptedModel(), modelIdentity: "m", resuming: first.rows)
        #expect(published.rows.map(\.parsed) == ["yes", "no", "no", "yes", "no", "no"])

        for (identity, settings) in [("other", EvaluationSettings()), ("m", EvaluationSettings(maxTokens: 7))] {
            let fresh = ScriptedModel()
            _ = try await BenchmarkFixtures.evaluation(settings: settings)
                .run(on: fresh, modelIdentity: identity, resuming: first.rows)
            #expect(fresh.seen.prompts.count == 6)
        }
    }

    @Test("A batch of which a killed run wrote some rows is asked for under the name it had")
    func partialBatch() async throws {
        func calls(_ unfinished: [EvaluationRow], adding expected: [EvaluationRow]) async throws -> [String] {
            let new = Mutex<[String]>([])
            let model = ScriptedModel(writes: { EvaluationTests.knowing($0) })
            let outcome = try await BenchmarkFixtures.evaluation(
                settings: EvaluationSettings(batchSize: 3, concurrentBatches: 1)
            ).run(on: model, modelIdentity: "m", unfinished: unfinished) { row in new.withLock { $0.append(row.id) } }
            // Only what was missing is a new row.
            #expect(outcome.rows.count == 6 && new.withLock { $0 } == expected.map(\.id))
            return model.seen.calls.filter { $0.hasPrefix("generate") }
        }
        let first = try await run(EvaluationSettings())
        let whole = try await calls([], adding: first.rows)
        #expect(whole.count == 2)
        let second = try await calls(Array(first.rows.prefix(4)), adding: first.rows.suffix(2))
        #expect(second == [whole[1]])
        let both = try await calls(Array(first.rows.prefix(2)), adding: first.rows.suffix(4))
        #expect(both == whole)
        let none = try await calls(first.rows, adding: [])
        #expect(none.isEmpty)
    }

    @Test("Prompts are cut to the context, counted, and asked only where they fit")
    func truncation() async throws {
        // The instruction has 18 words, so that 40 tokens less 10 for the answer leave room for a few of the passage.
        let model = ScriptedModel(contextLength: 48, writes: { EvaluationTests.knowing($0) })
        let outcome = try await run(EvaluationSettings(shots: 1), model: model)
        #expect(outcome.result.truncated == 6 && outcome.result.unfit == 0)
        #expect(outcome.rows.allSatisfy { $0.shots == 0 } && outcome.result.shotsKept == 0)
        #expect(outcome.rows.contains { $0.contextCut })
        #expect(model.seen.prompts.allSatisfy { ScriptedModel.tokens($0) <= 36 && $0.hasSuffix("OUTPUT:") })
        #expect(model.seen.requests.allSatisfy { $0.maxTokens == 12 })
        #expect(outcome.result.decoding?.maxTokens == 12)

        let tiny = ScriptedModel(contextLength: 20, writes: { _ in "yes" })
        let unfit = try await run(EvaluationSettings(), model: tiny)
        #expect(unfit.result.unfit == 6 && unfit.result.parseRate == 0)
        #expect(unfit.result.metrics["accuracy"]?.value == 0)
        #expect(tiny.seen.prompts.isEmpty)
    }

    @Test("The names of calls repeat in a second run, and differ for different questions")
    func calls() async throws {
        let models = [ScriptedModel(), ScriptedModel()]
        for model in models { _ = try await run(EvaluationSettings(batchSize: 2), model: model) }
        #expect(models[0].seen.calls == models[1].seen.calls)
        #expect(Set(models[0].seen.calls).count == 6)
    }

    @Test("Settings out of range are refused before a model is asked")
    func settings() {
        for settings in [
            EvaluationSettings(shots: 65), EvaluationSettings(maxTokens: 0), EvaluationSettings(batchSize: 0),
            EvaluationSettings(prompt: "none/1"), EvaluationSettings(shots: 6),
        ] {
            #expect(BenchmarkFixtures.error { _ = try BenchmarkFixtures.evaluation(settings: settings) } != nil)
        }
    }

    @Test("A result survives its JSON")
    func codable() async throws {
        let result = try await run(EvaluationSettings()).result
        let data = try JSONEncoder().encode(result)
        #expect(try JSONDecoder().decode(EvaluationResult.self, from: data) == result)
        #expect(String(decoding: data, as: UTF8.self).contains("\"macroF1\":{"))
    }
}
