// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("Losses and gradients equal transformers' float32", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct GradientOracleTests {
    @Test("loss and the loss of every token, to 1e-4", arguments: OracleModel.all)
    func loss(_ oracle: OracleModel) throws {
        let model = try oracle.model()
        let batch = try oracle.batch()
        let file = try oracle.results("forward.safetensors")
        let loss = try model.loss(batch)
        #expect(abs(loss.mean - Double(try file.tensor("loss").values[0])) < 1e-4)
        #expect(loss.targetCount == batch.targetCount)
        let tokens = try model.tokenLosses(batch)
        let expected = try file.tensor("token_nll")
        #expect(tokens.shape == expected.shape)
        #expect(zip(tokens.values, expected.values).allSatisfy { abs($0 - $1) < 1e-4 })
        let total = loss.rows.reduce(0) { $0 + $1.negativeLogLikelihood }
        #expect(abs(total - expected.values.reduce(0) { $0 + Double($1) }) < 1e-3)
    }

    @Test("the padded form of a batch gives the same loss", arguments: OracleModel.all)
    func padded(_ oracle: OracleModel) throws {
        let inputs = try oracle.inputs()
        let batch = try TokenBatch(
            padded: inputs.paddedIDs, lengths: inputs.mask.map { $0.reduce(0, +) }, labels: inputs.paddedLabels)
        let model = try oracle.model()
        #expect(try model.loss(batch) == model.loss(oracle.batch()))
    }

    @Test("the gradient of every weight, to 1e-4 of its largest", arguments: OracleModel.all, [false, true])
    func gradients(_ oracle: OracleModel, recompute: Bool) throws {
        let model = try oracle.model()
        let batch = try oracle.batch()
        var gradients = try LlamaGradients(for: model)
        let loss = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1 / Double(batch.targetCount), recompute: recompute)
        let expectedLoss = try oracle.results("forward.safetensors").tensor("loss").values[0]
        #expect(abs(loss.mean - Double(expectedLoss)) < 1e-4)
        try expectEqual(gradients, try oracle.results("grads.safetensors"))
    }

    @Test(
        "four unequal micro-batches add up to the token-weighted gradient",
        arguments: OracleModel.all.filter { $0.folder.holds("accumulation.json") })
    func accumulation(_ oracle: OracleModel) throws {
        struct Expected: Decodable {
            let microBatches: [[Int32]]
            let tokens: [Int]
            let sums: [Double]
            let loss: Double
            let norm: Double

            enum CodingKeys: String, CodingKey {
                case microBatches = "micro_batches"
                case tokens
                case sums = "nll_sums"
                case loss = "loss_token_weighted"
                case norm = "grad_norm_token_weighted"
            }
        }
        let expected: Expected = try oracle.folder.appending(path: "accumulation.json").json()
        let model = try oracle.model()
        let batches = try expected.microBatches.map { try TokenBatch(rows: [$0]) }
        let targets = batches.reduce(0) { $0 + $1.targetCount }
        var gradients = try LlamaGradients(for: model)
        var total = LossSum()
        for (index, batch) in batches.enumerated() {
            let loss = try model.forwardBackward(batch, gradients: &gradients, scale: 1 / Double(targets))
            #expect(loss.targetCount == expected.tokens[index])
            #expect(abs(loss.negativeLogLikelihood - expected.sums[index]) < 1e-4 * Double(loss.targetCount))
            total.add(loss)
        }
        #expect(abs(total.mean - expected.loss) < 1e-4)
        #expect(abs(gradients.norm / expected.norm - 1) < 1e-5)
        try expectEqual(gradients, try oracle.results("accumulation.grads.safetensors"))
    }

    @Test("two documents in one row, isolated and as one stream", arguments: OracleModel.all)
    func packing(_ oracle: OracleModel) throws {
        let file = try oracle.results("packing.safetensors")
        let ids = try file.integers("input_ids").map(Int32.init)
        let segments = try file.integers("segments").map(Int32.init)
        let model = try oracle.model()
        for (name, batch) in [
            ("isolated", try TokenBatch(rows: [ids], segments: [segments])),
            ("crossing", try TokenBatch(rows: [ids])),
        ] {
            let expected = try file.tensor("logits_\(name)")
            #expect(relativeDifference(try model.logits(batch).values, expected.values) < 1e-5)
            #expect(abs(try model.loss(batch).mean - Double(try file.tensor("loss_\(name)").values[0])) < 1e-4)
        }
        let isolated = try TokenBatch(rows: [ids], segments: [segments])
        #expect(isolated.positions.map(Int.init) == (try file.integers("positions")))
    }

    private func expectEqual(_ gradients: LlamaGradients, _ file: SafetensorsFile) throws {
        let names = gradients.parameters.layout.entries.map(\.name)
        #expect(Set(names) == Set(file.entries.map(\.name)))
        for name in names {
            let got = try #require(gradients.parameters[name])
            #expect(relativeDifference(got, try file.tensor(name)) < 1e-4, "\(name)")
        }
    }
}
