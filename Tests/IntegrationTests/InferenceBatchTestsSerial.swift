// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// Many jobs of one model through a whole stack: their requests are computed together, and nothing of that shows.
@Suite("Inference of many jobs at once", .serialized, .timeLimit(.minutes(5)))
struct InferenceBatchTestsSerial {
    private static let model: JSONValue = ["configuration": StackFixture.configuration, "seed": 7]

    private static func ids(_ range: Range<Int>, _ salt: Int) -> JSONValue {
        .array(range.map { .integer(Int64(($0 * 17 + salt * 31) % 500 + 3)) })
    }

    /// Thirty-two questions of a few-shot kind: they begin alike.
    private static let questions: [JSONValue] = (0..<32).map { number in
        guard case .array(let stem) = ids(0..<40, 0), case .array(let tail) = ids(0..<(3 + number % 9), number) else {
            return .null
        }
        return ["contextIDs": .array(stem + tail), "continuationIDs": ids(0..<(1 + number % 5), number + 50)]
    }

    /// The scores of all questions, asked in jobs of so many that are all submitted before the first is awaited.
    private func scores(_ stack: StackFixture, jobsOf size: Int) async throws -> [ScoreText.Score] {
        var jobs: [JobID] = []
        for start in stride(from: 0, to: Self.questions.count, by: size) {
            let part = Array(Self.questions[start..<min(Self.questions.count, start + size)])
            jobs.append(
                try await stack.gateway.submit(.inferScore, ["model": Self.model, "requests": .array(part)]))
        }
        var scores: [ScoreText.Score] = []
        for id in jobs {
            let job = try await stack.gateway.awaitJob(id)
            let output = try #require(job.result?.output, "\(job.state)")
            scores += try MessageDecoder(policy: .strict).decode(ScoreText.Output.self, from: output).results
        }
        return scores
    }

    @Test("Scores are the same to the bit in batches of 1, 7 and 32 on 1, 2 and 3 workers")
    func scoresAreExact() async throws {
        var first: [ScoreText.Score]?
        for workers in 1...3 {
            try await StackFixture.with(inference: workers) { stack in
                for size in [1, 7, 32] {
                    let found = try await scores(stack, jobsOf: size)
                    #expect(found.count == 32)
                    if let first { #expect(found == first, "\(workers) workers, jobs of \(size)") }
                    first = first ?? found
                }
            }
        }
    }

    @Test("Jobs of one worker share its steps, and each gets the answer it gets alone")
    func stepsAreShared() async throws {
        try await StackFixture.with { stack in
            let port = try #require(try stack.note.adminPorts["inference"])
            func request(_ number: Int) -> JSONValue {
                [
                    "model": Self.model,
                    "requests": [
                        [
                            "promptIDs": Self.ids(0..<8, number), "maxTokens": 400, "ignoreEndOfSequence": true,
                            "temperature": 1, "seed": .integer(Int64(number)),
                        ]
                    ],
                ]
            }
            func answer(_ id: JobID) async throws -> GenerationResult {
                let job = try await stack.gateway.awaitJob(id)
                let output = try #require(job.result?.output, "\(job.state)")
                return try #require(
                    MessageDecoder(policy: .strict).decode(GenerateText.Output.self, from: output).results.first)
            }
            var alone: [GenerationResult] = []
            for number in 0..<4 {
                alone.append(try await answer(stack.gateway.submit(.inferGenerate, request(number))))
            }
            let before = try await Self.steps(port)
            var jobs: [JobID] = []
            for number in 0..<4 { jobs.append(try await stack.gateway.submit(.inferGenerate, request(number))) }
            for (number, id) in jobs.enumerated() {
                let found = try await answer(id)
                #expect(found == alone[number])
            }
            let after = try await Self.steps(port)
            #expect(after.tokens - before.tokens == 4 * 399)
            // Alone each takes 400 steps.
            #expect(after.steps - before.steps < 1200, "\(after.steps - before.steps) steps for four jobs of 400")
        }
    }

    /// Steps of the engine, and tokens of answers they computed.
    private static func steps(_ port: Int) async throws -> (steps: Double, tokens: Double) {
        let page = String(
            decoding: try await StackClient(url: "http://127.0.0.1:\(port)").get("/metrics").body, as: UTF8.self)
        func value(_ name: String) throws -> Double {
            let line = try #require(page.split(separator: "\n").first { $0.hasPrefix(name) }, "no \(name)")
            return try #require(line.split(separator: " ").last.flatMap { Double($0) })
        }
        return (
            try value("mellama_inference_step_seconds_count"),
            try value("mellama_inference_tokens_total{phase=\"decode\"}")
        )
    }
}
