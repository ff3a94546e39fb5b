// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("Tiny models give what a float64 implementation gives")
struct GoldenTests {
    @Test("logits of isolated, short and masked rows", arguments: GoldenModel.all)
    func logits(_ golden: GoldenModel) throws {
        let batch = try golden.batch()
        let logits = try golden.model().logits(batch)
        let file = try SafetensorsFile(golden.folder.appending(path: "golden.safetensors"))
        for (row, length) in batch.lengths.enumerated() {
            let start = row * batch.columnCount * logits.shape[2]
            let expected = try file.tensor("logits.\(row)").values
            let got = Array(logits.values[start..<start + length * logits.shape[2]])
            #expect(relativeDifference(got, expected) < 1e-5)
            let padding = logits.values[(start + length * logits.shape[2])...]
                .prefix((batch.columnCount - length) * logits.shape[2])
            #expect(padding.allSatisfy { $0 == 0 })
        }
    }

    @Test("the loss of every row", arguments: GoldenModel.all)
    func loss(_ golden: GoldenModel) throws {
        let loss = try golden.model().loss(golden.batch())
        let expected = try golden.rows()
        #expect(loss.rows.map(\.targetCount) == expected.targets)
        for (row, sum) in zip(loss.rows, expected.sums) { #expect(abs(row.negativeLogLikelihood - sum) < 1e-4) }
        #expect(abs(loss.mean - expected.loss) < 1e-5)
    }

    @Test("every gradient, by central differences", arguments: GoldenModel.all, [false, true])
    func gradients(_ golden: GoldenModel, recompute: Bool) throws {
        try expectGradients(
            of: golden.model(), golden, file: "golden.safetensors", prefix: "", recompute: recompute)
    }

    @Test("every gradient of an adapter, by central differences", arguments: GoldenModel.all, [false, true])
    func adapterGradients(_ golden: GoldenModel, recompute: Bool) throws {
        struct Loss: Decodable { let loss: Double }
        let model = try golden.adapted()
        let expected: Loss = try golden.folder.appending(path: "adapter/loss.json").json()
        #expect(abs(try model.loss(golden.batch()).mean - expected.loss) < 1e-5)
        try expectGradients(
            of: model, golden, file: "adapter/golden.safetensors", prefix: "", recompute: recompute)
    }

    @Test("gradients add up over calls and scale", arguments: GoldenModel.all)
    func accumulation(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let batch = try golden.batch()
        var once = try LlamaGradients(for: model)
        var twice = try LlamaGradients(for: model)
        _ = try model.forwardBackward(batch, gradients: &once, scale: 3)
        for _ in 0..<2 { _ = try model.forwardBackward(batch, gradients: &twice, scale: 1.5) }
        let (a, b) = (once.parameters.withUnsafeValues { Array($0) }, twice.parameters.withUnsafeValues { Array($0) })
        #expect(relativeDifference(b, a) < 1e-6)
        twice.zero()
        #expect(twice.norm == 0)
        #expect(once.norm > 0)
    }

    private func expectGradients(
        of model: LlamaModel, _ golden: GoldenModel, file name: String, prefix: String, recompute: Bool
    ) throws {
        let batch = try golden.batch()
        let file = try SafetensorsFile(golden.folder.appending(path: name))
        var gradients = try LlamaGradients(for: model)
        _ = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1 / Double(batch.targetCount), recompute: recompute)
        let names = gradients.parameters.layout.entries.map(\.name)
        #expect(Set(names) == Set(file.entries.map(\.name).filter { !$0.hasPrefix("logits.") }))
        for name in names {
            let got = try #require(gradients.parameters[name])
            #expect(relativeDifference(got, try file.tensor(name)) < 1e-4, "\(name)")
        }
    }
}
