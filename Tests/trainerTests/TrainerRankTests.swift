// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Glibc
import HostSupport
import Messages
import Tensors
import TestSupport
import Testing

@Suite(
    "trainer run trains by several ranks", .timeLimit(.minutes(5)),
    .enabled(if: RankProcesses.areOffered, "mpirun is not installed"))
struct TrainerRankTests {
    private func payload(
        ranks: Int64, accumulation: Int64, steps: Int64, lora: Bool = false, length: Int64 = 48,
        publishEvery: Int64? = nil
    ) -> JSONValue {
        var recipe: [String: JSONValue] = [
            "maxSteps": .integer(steps), "learningRate": 0.01, "microBatch": 1, "warmupSteps": 0,
            "accumulation": .integer(accumulation), "ranks": .integer(ranks), "checkpointEvery": 5,
            "sequenceLength": .integer(length),
        ]
        if let publishEvery { recipe["publishEvery"] = .integer(publishEvery) }
        if lora { recipe["lora"] = ["rank": 4, "alpha": 8] }
        return [
            "model": ["configuration": TinyLanguage.configuration, "seed": 5], "dataset": "corpus/dataset",
            "heldOut": ["clinical": "corpus/dataset"], "recipe": .object(recipe),
        ]
    }

    private func desk() throws -> ServiceDesk {
        let desk = try ServiceDesk()
        try desk.copy(TinyLanguage.shared()["corpus"], to: "corpus")
        return desk
    }

    @Test(
        "2 ranks of 2 micro-batches make what one of 4 makes, with the tokenizer beside it", arguments: [false, true])
    func equality(lora: Bool) throws {
        let desk = try desk()
        let shapes: [(ranks: Int64, accumulation: Int64)] = [(1, 4), (2, 2)]
        let outputs = try shapes.map { shape in
            try desk.output(
                "trainer", .trainPretrain, of: TrainModel.self,
                payload(ranks: shape.ranks, accumulation: shape.accumulation, steps: 6, lora: lora))
        }
        let (alone, ranks) = (outputs[0].summary, outputs[1].summary)
        #expect(ranks.steps == 6 && ranks.tokens == alone.tokens)
        #expect(ranks.trainedParameters == alone.trainedParameters && ranks.resumedFrom == nil)
        for (ours, theirs) in zip(ranks.lossCurve, alone.lossCurve) { #expect(abs(ours.loss - theirs.loss) < 1e-4) }
        let perplexities = outputs.map { $0.summary.evaluations?.last?.perplexity ?? 0 }
        #expect(perplexities[0] > 1 && abs(perplexities[0] - perplexities[1]) < 1e-3 * perplexities[0])
        let folders = try outputs.map { try desk.place(of: #require(lora ? $0.adapter : $0.model)) }
        let files = try folders.map { try FileManager.default.contentsOfDirectory(atPath: $0.path).sorted() }
        #expect(files[0] == files[1] && files[0].count == (lora ? 2 : 3))
        #expect(RankProcesses.below(desk.folder).isEmpty)
    }

    @Test("Models published on the way are those of one process")
    func published() throws {
        let desk = try desk()
        let shapes: [(ranks: Int64, accumulation: Int64)] = [(1, 4), (2, 2)]
        let outputs = try shapes.map { shape in
            try desk.output(
                "trainer", .trainPretrain, of: TrainModel.self,
                payload(ranks: shape.ranks, accumulation: shape.accumulation, steps: 6, publishEvery: 2))
        }
        var late: [SafetensorsFile] = []
        for output in outputs {
            let published = try #require(output.summary.published)
            #expect(published.map(\.step) == [2, 4])
            let files = try published.map { model in
                try desk.place(of: #require(model.model)).appending(path: "model.safetensors")
            }
            #expect(try Data(contentsOf: files[0]) != Data(contentsOf: files[1]))
            late.append(try SafetensorsFile(files[1]))
        }
        for name in late[0].entries.map(\.name) {
            let (alone, ranks) = (try late[0].tensor(name), try late[1].tensor(name))
            #expect(zip(alone.values, ranks.values).allSatisfy { abs($0 - $1) < 2e-4 }, "\(name)")
        }
    }

    @Test(
        "With a host file its ranks are on two machines, which are two network namespaces here",
        .enabled(if: TwoHosts.areOffered, "network namespaces can't be made: this needs root and iproute2"))
    func twoHosts() throws {
        let desk = try desk()
        let hosts = try TwoHosts()
        let body = payload(ranks: 2, accumulation: 2, steps: 4)
        let outcome = try desk.run(
            "trainer", .trainPretrain, body,
            launcher: ["MELLAMA_HOST_FILE=\(hosts.hostFile)"] + hosts.onFirst([]))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let far = try decoded(outcome).summary
        let near = try desk.output("trainer", .trainPretrain, of: TrainModel.self, body).summary
        #expect(far.steps == 4 && far.tokens == near.tokens)
        // A machine of its own has more threads for its rank, which round otherwise.
        for (far, near) in zip(far.lossCurve, near.lossCurve) { #expect(abs(far.loss - near.loss) < 1e-6) }
        #expect(RankProcesses.below(desk.folder).isEmpty)
    }

    private func decoded(_ outcome: ServiceDesk.Outcome) throws -> TrainModel.Output {
        try MessageDecoder(policy: .strict).decode(TrainModel.Output.self, from: outcome.result?.output ?? .null)
    }

    @Test("Stopped by a signal, it ends as one process does", arguments: [SIGINT, SIGTERM])
    func stopped(number: Int32) async throws {
        let desk = try desk()
        let before = desk.contents()
        let process = try start(desk, steps: 100_000)
        #expect(try await ServiceProcess.wait { process.said.contains("train.pretrain: training") })
        process.signal(number)
        let outcome = try desk.outcome(process.finish(), .trainPretrain)
        #expect(outcome.status == 128 + number && outcome.errors == [])
        #expect(outcome.result?.status == .cancelled)
        #expect(desk.contents() == before)
        #expect(RankProcesses.below(desk.folder).isEmpty)
    }

    @Test("A rank that is killed fails the job, which says which; no process is left", arguments: [0, 1])
    func killed(rank: Int) async throws {
        let desk = try desk()
        let process = try start(desk, steps: 100_000)
        #expect(try await ServiceProcess.wait { process.said.contains("train.pretrain: training") })
        let pid = try #require(RankProcesses.below(desk.folder)[rank])
        kill(pid, SIGKILL)
        let outcome = try desk.outcome(process.finish(), .trainPretrain)
        #expect(outcome.status == 1)
        let error = try #require(outcome.result?.error)
        #expect(error.type == .ranks && error.retryable)
        #expect(error.detail.hasPrefix("rank \(rank) of 2 on "), "\(error.detail)")
        #expect(error.detail.contains("ended: signal 9 (Killed)"), "\(error.detail)")
        #expect(RankProcesses.below(desk.folder).isEmpty)
    }

    @Test("Killed itself, the trainer leaves no rank")
    func trainerKilled() async throws {
        let desk = try desk()
        let process = try start(desk, steps: 100_000)
        #expect(try await ServiceProcess.wait { process.said.contains("train.pretrain: training") })
        #expect(RankProcesses.below(desk.folder).count == 2)
        process.signal(SIGKILL)
        _ = try process.finish()
        #expect(try await ServiceProcess.wait { RankProcesses.below(desk.folder).isEmpty })
    }

    @Test("What the ranks cannot do is an error of the job as ever")
    func refused() throws {
        let desk = try desk()
        let outcome = try desk.run(
            "trainer", .trainPretrain, payload(ranks: 2, accumulation: 1, steps: 2, length: 7))
        #expect(outcome.result?.error?.type == .badInput)
        #expect(outcome.result?.error?.detail.contains("recipe.sequenceLength is 7") == true)
    }

    @Test("A recipe cannot have one machine start any number of processes")
    func tooMany() throws {
        let outcome = try desk().run("trainer", .trainPretrain, payload(ranks: 4096, accumulation: 1, steps: 2))
        #expect(outcome.result?.error?.type == .badInput)
        #expect(outcome.result?.error?.detail.hasPrefix("recipe.ranks: 4096 asked of one machine") == true)
    }

    @Test("Without Open MPI the error says what to install")
    func missing() throws {
        let desk = try desk()
        let outcome = try desk.run(
            "trainer", .trainPretrain, payload(ranks: 2, accumulation: 1, steps: 2), launcher: ["PATH=/nonexistent"])
        #expect(outcome.result?.error?.type == .badInput)
        #expect(outcome.result?.error?.detail.hasPrefix("ranks: 2 asked, but no Open MPI was found: install") == true)
    }

    private func start(_ desk: ServiceDesk, steps: Int64) throws -> ServiceProcess {
        let job = try desk.job(.trainPretrain, payload(ranks: 2, accumulation: 1, steps: steps))
        return try ServiceProcess(
            ["run", job, "--out", desk.folder.appending(path: "result.json").path], name: "trainer",
            environment: desk.environment)
    }
}
