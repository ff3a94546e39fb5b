// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import OracleSupport
import Testing

/// The main job on public data.
@Suite(
    "stories-pubmedqa.yaml: what medical text does to a real model, beside a control",
    .enabled(
        if: OutsideData.data?.holds("stories260k/config.json") == true, "MELLAMA_DATA names no folder of public data"))
struct StoriesTestsSerial {
    @Test("Medical perplexity falls more in the medical branch than in the control, and the report says so")
    func journey() async throws {
        let data = try #require(OutsideData.data).path
        try await StackFixture.with(dataRoots: [StackFixture.recipes, data]) { stack in
            let command = try await CommandRun.mellama(
                ["run", "\(StackFixture.recipes)/stories-pubmedqa.yaml", "--watch", "--gateway", stack.gateway.url],
                folder: stack.folder, environment: ["MELLAMA_DATA": data], within: .seconds(400))
            try #require(command.exitCode == 0, "\(command.printed.suffix(4_000))")
            struct Page: Codable { var runs: [RunSnapshot] }
            let run = try #require(try await stack.gateway.get("/v1/runs").decode(Page.self).runs.first)
            #expect(run.state == .succeeded)

            let start = try perplexity(run, "perplexity-start")
            let medical = try perplexity(run, "perplexity-medical")
            let control = try perplexity(run, "perplexity-control")
            for domain in ["biomedical", "clinical"] {
                #expect(medical[domain, default: .infinity] < control[domain, default: 0])
                #expect(medical[domain, default: .infinity] < start[domain, default: 0])
            }
            #expect(control["general", default: .infinity] < start["general", default: 0])
            try expectScores(run)
            try await expectReport(stack, run)
        }
    }

    private func perplexity(_ run: RunSnapshot, _ stage: String) throws -> [String: Double] {
        let output = try #require(run[stage]?.result?.output?["perplexity"])
        let domains = try MessageDecoder(policy: .lenient).decode(
            [String: EvaluatePerplexity.DomainPerplexity].self, from: output)
        #expect(Set(domains.keys) == ["biomedical", "clinical", "general"])
        for (domain, value) in domains {
            #expect(value.perplexity.isFinite && value.perplexity > 1, "\(stage) \(domain)")
            #expect(value.bitsPerByte.isFinite && value.bitsPerByte > 0, "\(stage) \(domain)")
            #expect(value.tokens > 0, "\(stage) \(domain)")
        }
        return domains.mapValues(\.perplexity)
    }

    /// Every evaluation has finite scores in 0…1 and says how many prompts were cut.
    private func expectScores(_ run: RunSnapshot) throws {
        var cut = 0.0
        let evaluations = run.stages.filter { $0.kind == .evaluateTask }
        #expect(evaluations.count == 13)
        for job in evaluations {
            let output = try MessageDecoder(policy: .lenient).decode(
                EvaluateTask.Output.self, from: try #require(job.result?.output))
            for (name, metric) in output.metrics {
                #expect((0...1).contains(metric.value), "\(job.id) \(name)")
                #expect(metric.low <= metric.value && metric.value <= metric.high, "\(job.id) \(name)")
            }
            #expect(output.metrics["accuracy"] != nil && output.metrics["macroF1"] != nil)
            cut += Double(output.truncated)
        }
        // With a vocabulary of 512 pieces and a context of 512, abstracts and five shots can't fit.
        #expect(cut > 0)
    }

    private func expectReport(_ stack: StackFixture, _ run: RunSnapshot) async throws {
        let report = try #require(run["report"]?.result?.output?["report"]?.stringValue)
        let page = try await stack.gateway.get("/v1/artifacts/\(report)/files/report.md")
        let markdown = String(decoding: page.body, as: UTF8.self)
        for words in ["stories260k", "medical", "control", "tuned", "against control", "control ended at", "| cut |"] {
            #expect(markdown.contains(words), "the report does not speak of \(words)")
        }
        let json = try await stack.gateway.get("/v1/artifacts/\(report)/files/report.json")
        #expect(json.status == 200)
        #expect(try json.json["title"] == "Stories to PubMedQA")
    }
}
