// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("Low-rank adapters equal PEFT's", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct LoRAOracleTests {
    struct Case: Sendable, CustomStringConvertible {
        let model: OracleModel
        let adapter: OracleModel
        var description: String { "\(model)/\(adapter)" }

        static let all = OracleModel.all.flatMap { model in
            model.adapters.map { Case(model: model, adapter: $0) }
        }

        func load(_ name: String = "adapter") throws -> LoRAAdapter {
            let configuration = try LlamaCheckpoint.configuration(model.folder.appending(path: "hf"))
            return try AdapterCheckpoint.load(adapter.folder.appending(path: name), for: configuration)
        }
    }

    @Test("adapters were found") func found() { #expect(!Case.all.isEmpty) }

    @Test("logits without, with and merged, and of the trained adapter, to 1e-5", arguments: Case.all)
    func logits(_ oracle: Case) throws {
        let file = try oracle.adapter.results("forward.safetensors")
        let batch = try oracle.model.batch()
        let adapter = try oracle.load()
        let base = try oracle.model.model()
        let adapted = try LlamaModel(base.weights, adapter: adapter)
        let merged = try LlamaModel(adapter.merge(into: base.weights))
        let trained = try LlamaModel(base.weights, adapter: oracle.load("adapter-after-3-steps"))
        for (name, model) in [
            ("base", base), ("adapter", adapted), ("merged", merged), ("after_3_steps", trained),
        ] {
            let expected = try file.tensor("logits.\(name)")
            #expect(relativeDifference(try model.logits(batch), expected) < 1e-5, "\(name)")
        }
        #expect(relativeDifference(try merged.logits(batch), try adapted.logits(batch)) < 1e-5)
        let loss = try adapted.loss(batch).mean
        #expect(abs(loss - Double(try file.tensor("loss.adapter").values[0])) < 1e-4)
    }

    @Test("the gradient of every A and B, to 1e-4", arguments: Case.all, [false, true])
    func gradients(_ oracle: Case, recompute: Bool) throws {
        let model = try LlamaModel(oracle.model.model().weights, adapter: oracle.load())
        let batch = try oracle.model.batch()
        var gradients = try LlamaGradients(for: model)
        _ = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1 / Double(batch.targetCount), recompute: recompute)
        let file = try oracle.adapter.results("grads.safetensors")
        let names = gradients.parameters.layout.entries.map(\.name)
        #expect(Set(names.map { "base_model.model.\($0)" }) == Set(file.entries.map(\.name)))
        for name in names {
            let got = try #require(gradients.parameters[name])
            #expect(relativeDifference(got, try file.tensor("base_model.model.\(name)")) < 1e-4, "\(name)")
        }
    }
}
