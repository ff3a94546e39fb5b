// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension GenerationRequest {
    /// Throws an error that names the first bad request by its position and what is wrong with it.
    static func validate<Model: SequenceModel>(
        _ requests: [GenerationRequest], for model: Model, canDecode: Bool
    ) throws {
        for (position, request) in requests.enumerated() {
            try request.validate(
                position: position, vocabularySize: model.vocabularySize, contextLength: model.contextLength,
                canDecode: canDecode)
        }
    }

    private func validate(position: Int, vocabularySize: Int, contextLength: Int, canDecode: Bool) throws {
        let place = "requests[\(position)]"
        do {
            try parameters.validate(allowsNoTokens: wantsPromptLogprobs)
            _ = try choices.map { try ChoiceTrie($0) }
        } catch let error as GenerationError {
            throw GenerationError(error.code, "\(place).\(error.subject)", error.problem, remedy: error.remedy)
        }
        guard !promptIDs.isEmpty else {
            throw GenerationError(
                .invalidPrompt, place, "has an empty prompt",
                remedy: "give a prompt, or let the tokenizer add its begin-of-sequence id")
        }
        guard promptIDs.count <= contextLength else {
            throw GenerationError(
                .invalidPrompt, place,
                "has a prompt of \(promptIDs.count) tokens, the model's context is \(contextLength)",
                remedy: "shorten the prompt")
        }
        let biased = (parameters.logitBias ?? [:]).keys.sorted()
        for id in promptIDs + (choices ?? []).flatMap({ $0 }) + biased where id < 0 || Int(id) >= vocabularySize {
            throw GenerationError(
                .invalidPrompt, place, "has the token id \(id), the model has ids 0 to \(vocabularySize - 1)",
                remedy: "use the model's own tokenizer")
        }
        if let longest = choices?.map(\.count).max(), promptIDs.count + longest > contextLength + 1 {
            throw GenerationError(
                .invalidChoices, place,
                "has a prompt of \(promptIDs.count) and a choice of \(longest) tokens, the model's context is"
                    + " \(contextLength)", remedy: "shorten the prompt")
        }
        guard topLogprobs >= 0, topLogprobs <= 1000 else {
            throw GenerationError(
                .invalidParameters, "\(place).logprobs", "is \(topLogprobs), out of bounds",
                remedy: "give a value from 0 to 1000")
        }
        guard choices == nil || grammar == nil else {
            throw GenerationError(
                .invalidChoices, place, "has both choices and a form", remedy: "give one of them")
        }
        guard choices == nil || biased.isEmpty else {
            throw GenerationError(
                .invalidChoices, "\(place).logitBias", "can't be combined with choices", remedy: "leave it out")
        }
        guard parameters.stop.isEmpty || canDecode else {
            throw GenerationError(
                .invalidParameters, "\(place).stop", "needs a tokenizer, the model has none",
                remedy: "put the tokenizer beside the model, or leave stop out")
        }
    }
}
