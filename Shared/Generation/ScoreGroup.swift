// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Continuations of one context, scored together.
struct ScoreGroup {
    let context: [Int32]
    var continuations: [[Int32]] = []
    /// Whose they are: positions in the list of requests.
    var members: [Int] = []

    /// The requests by context, at most `limit` of one context together; all are checked.
    static func groups<Model: SequenceModel>(
        _ requests: [ScoreRequest], for model: Model, limit: Int
    ) throws -> [ScoreGroup] {
        var groups: [ScoreGroup] = []
        var open: [[Int32]: Int] = [:]
        for (position, request) in requests.enumerated() {
            let context = try context(of: request, position: position, for: model)
            let known = open[context].flatMap { groups[$0].members.count < max(1, limit) ? $0 : nil }
            let index = known ?? groups.count
            if known == nil {
                groups.append(ScoreGroup(context: context))
                open[context] = index
            }
            groups[index].continuations.append(request.continuationIDs)
            groups[index].members.append(position)
        }
        return groups
    }

    private static func context<Model: SequenceModel>(
        of request: ScoreRequest, position: Int, for model: Model
    ) throws -> [Int32] {
        let place = "requests[\(position)]"
        guard !request.continuationIDs.isEmpty else {
            throw GenerationError(
                .invalidPrompt, place, "has an empty continuation", remedy: "give at least one token to score")
        }
        for id in request.contextIDs + request.continuationIDs where id < 0 || Int(id) >= model.vocabularySize {
            throw GenerationError(
                .invalidPrompt, place, "has the token id \(id), the model has ids 0 to \(model.vocabularySize - 1)",
                remedy: "use the model's own tokenizer")
        }
        var context = request.contextIDs
        if context.isEmpty {
            guard let begin = model.beginOfSequenceID, let id = Int32(exactly: begin), id >= 0,
                begin < model.vocabularySize
            else {
                throw GenerationError(
                    .invalidPrompt, place, "has an empty context and the model names no begin-of-sequence id",
                    remedy: "give a context, or bos_token_id in config.json")
            }
            context = [id]
        }
        guard context.count + request.continuationIDs.count - 1 <= model.contextLength else {
            throw GenerationError(
                .invalidPrompt, place,
                "has a context of \(context.count) and a continuation of \(request.continuationIDs.count) tokens,"
                    + " the model's context is \(model.contextLength)", remedy: "shorten the context")
        }
        return context
    }
}
