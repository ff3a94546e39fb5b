// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Messages
import ServiceRuntime
import Tokenization

/// Serves `infer.generate`: the requests of one job are decoded together.
struct GenerateHandler: JobHandler {
    let kinds: [JobKind] = [.inferGenerate]
    let library: ModelLibrary

    func handle(_ payload: GenerateText, context: JobContext) async throws -> GenerateText.Output {
        try await context.compute {
            try InferenceFailure.describing {
                try library.with(payload.model, adapter: payload.adapter, context) { try answer(payload, $0, context) }
            }
        }
    }

    private func answer(
        _ payload: GenerateText, _ loaded: LoadedModel, _ context: JobContext
    ) throws -> GenerateText.Output {
        let encoder = RequestEncoder(loaded: loaded, addBOS: payload.addBOS)
        let requests = try payload.requests.enumerated().map { try encoder.request($1, position: $0) }
        let tokenizer = loaded.tokenizer
        let generator = Generator(
            model: loaded.model, decode: tokenizer.map { tokenizer in { tokenizer.decode($0) } })
        context.report(JobProgress(phase: "generating", step: 0, total: requests.count))
        let results = try generator.run(requests, isCancelled: { _ in context.stopReason != nil })
        try context.checkStop()
        return GenerateText.Output(
            results: results.enumerated().map { position, result in
                // A constrained answer is the text of its choice, not what its ids decode to (a leading space is lost).
                let chosen = result.choice.flatMap { payload.requests[position].choices?[$0] }
                return Messages.GenerationResult(
                    text: chosen ?? result.text, ids: result.ids, finishReason: reason(result.finishReason),
                    logprobs: result.logprobs)
            })
    }

    private func reason(_ reason: Generation.FinishReason) -> Messages.GenerationResult.FinishReason {
        switch reason {
        case .stop: .stop
        case .length, .cancelled: .length
        case .endOfSequence: .endOfSequence
        case .choice: .choice
        }
    }
}
