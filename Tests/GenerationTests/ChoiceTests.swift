// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Testing

@Suite("A choice is one of the given answers, as probability decides along their tree")
struct ChoiceTests {
    private func choose(_ model: ScriptedModel, _ choices: [[Int32]]) throws -> GenerationResult {
        try Generator(model: model).run([GenerationRequest(promptIDs: [3], choices: choices)])[0]
    }

    @Test("The likeliest answer wins though another token is likelier")
    func constrained() throws {
        let model = ScriptedModel { ids in
            ids.last == 3 ? ScriptedModel.peak(at: 9, [4: 1, 5: 2]) : ScriptedModel.peak(at: 7, [8: 1])
        }
        let result = try choose(model, [[4, 6], [5, 8], [5, 6]])
        #expect(result.finishReason == .choice)
        #expect(result.choice == 1)
        #expect(result.ids == [5, 8])
        #expect(result.logprobs.count == 2 && result.logprobs.allSatisfy { $0 < 0 })
    }

    @Test("An answer that begins another ends or goes on as the end-of-sequence id decides", arguments: [true, false])
    func prefix(ends: Bool) throws {
        let model = ScriptedModel { ids in
            ids.last == 4 ? ScriptedModel.peak(at: 9, ends ? [2: 3, 5: 2] : [2: 2, 5: 3]) : ScriptedModel.peak(at: 4)
        }
        let result = try choose(model, [[4, 5], [4]])
        #expect(result.choice == (ends ? 1 : 0))
        #expect(result.ids == (ends ? [4] : [4, 5]))
    }

    @Test("Without an end-of-sequence id it ends unless the likeliest token goes on", arguments: [true, false])
    func noEnd(ends: Bool) throws {
        let model = ScriptedModel(end: []) { ids in
            ids.last == 4 ? ScriptedModel.peak(at: ends ? 9 : 5) : ScriptedModel.peak(at: 4)
        }
        #expect(try choose(model, [[4, 5], [4]]).choice == (ends ? 1 : 0))
    }

    @Test("A single answer is chosen whatever the model thinks")
    func single() throws {
        let result = try choose(.counting(), [[12, 12, 12]])
        #expect(result.choice == 0 && result.ids == [12, 12, 12])
    }
}
