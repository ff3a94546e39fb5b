// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("bfloat16 arithmetic stays near float32", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct BFloat16OracleTests {
    /// What rounding operands to 8 bits may cost, as a part of the largest value.
    static let tolerance = 5e-2

    static let models = OracleModel.all.filter { $0.folder.holds("forward-bf16.safetensors") }

    private func weights(_ oracle: OracleModel) throws -> LlamaWeights {
        let folder = try #require(
            OutsideData.folders(below: oracle.folder) {
                guard $0 != oracle.folder, $0.holds("model.safetensors"),
                    let file = try? SafetensorsFile($0.appending(path: "model.safetensors"))
                else { return false }
                return file.entries.allSatisfy { $0.type == .bfloat16 }
            }.first)
        return try LlamaCheckpoint.load(folder)
    }

    @Test("a bfloat16 checkpoint was found") func found() { #expect(!Self.models.isEmpty) }

    @Test("logits and loss of a bfloat16 checkpoint in both arithmetics", arguments: models)
    func forward(_ oracle: OracleModel) throws {
        var model = try LlamaModel(weights(oracle))
        let file = try oracle.results("forward-bf16.safetensors")
        let batch = try oracle.batch()
        let exact = try file.tensor("logits.float32_compute")
        #expect(relativeDifference(try model.logits(batch), exact) < 1e-5)
        #expect(abs(try model.loss(batch).mean - Double(try file.tensor("loss.float32_compute").values[0])) < 1e-4)
        model.precision = .bfloat16
        let rounded = try model.logits(batch)
        #expect(relativeDifference(rounded, exact) < Self.tolerance)
        #expect(relativeDifference(rounded, try file.tensor("logits.bfloat16_compute")) < Self.tolerance)
        #expect(relativeDifference(rounded, exact) > 1e-5, "no product was rounded")
        #expect(abs(try model.loss(batch).mean - Double(try file.tensor("loss.float32_compute").values[0])) < 5e-2)
    }

    @Test("loss and gradients of every model, full and adapters", arguments: OracleModel.all, [false, true])
    func gradients(_ oracle: OracleModel, recompute: Bool) throws {
        let batch = try oracle.batch()
        try compare(oracle.model(), batch, oracle.results("grads.safetensors"), recompute) { $0 }
        for folder in oracle.adapters {
            let base = try oracle.model()
            let adapter = try AdapterCheckpoint.load(
                folder.folder.appending(path: "adapter"), for: base.configuration)
            try compare(
                LlamaModel(base.weights, adapter: adapter), batch, folder.results("grads.safetensors"), recompute
            ) { "base_model.model.\($0)" }
        }
    }

    private func compare(
        _ model: LlamaModel, _ batch: TokenBatch, _ file: SafetensorsFile, _ recompute: Bool,
        naming: (String) -> String
    ) throws {
        var model = model
        let loss = try model.loss(batch).mean
        model.precision = .bfloat16
        var gradients = try LlamaGradients(for: model)
        let rounded = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1 / Double(batch.targetCount), recompute: recompute)
        #expect(abs(rounded.mean - loss) < 5e-2)
        for name in gradients.parameters.layout.entries.map(\.name) {
            let got = try #require(gradients.parameters[name])
            #expect(relativeDifference(got, try file.tensor(naming(name))) < Self.tolerance, "\(name)")
        }
    }
}
