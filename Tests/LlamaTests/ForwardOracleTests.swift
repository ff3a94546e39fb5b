// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("The forward pass equals transformers' float32", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct ForwardOracleTests {
    @Test("models were found") func found() { #expect(!OracleModel.all.isEmpty) }

    @Test("logits of ragged rows, to 1e-5 of the largest", arguments: OracleModel.all)
    func logits(_ oracle: OracleModel) throws {
        let logits = try oracle.model().logits(oracle.batch())
        let expected = try oracle.results("forward.safetensors").tensor("logits")
        #expect(relativeDifference(logits, expected) < 1e-5)
    }

    @Test("embedding, every block and the final norm, to 1e-5", arguments: OracleModel.all)
    func hiddenStates(_ oracle: OracleModel) throws {
        let model = try oracle.model()
        let states = try model.hiddenStates(oracle.batch())
        let file = try oracle.results("forward.safetensors")
        #expect(states.count == model.configuration.layerCount + 2)
        for index in 0...model.configuration.layerCount {
            #expect(relativeDifference(states[index], try file.tensor("hidden.\(index)")) < 1e-5)
        }
        #expect(relativeDifference(states[states.count - 1], try file.tensor("hidden.final_norm")) < 1e-5)
    }
}
