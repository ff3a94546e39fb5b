// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Llama
import Messages
import ServiceRuntime
import Tokenization

/// Serves `infer.score`: how likely the model finds given continuations.
struct ScoreHandler: JobHandler {
    let kinds: [JobKind] = [.inferScore]
    let library: ModelLibrary

    func handle(_ payload: ScoreText, context: JobContext) async throws -> ScoreText.Output {
        try await context.compute {
            try InferenceFailure.describing {
                try library.with(payload.model, adapter: payload.adapter, context) { try score(payload, $0, context) }
            }
        }
    }

    private func score(
        _ payload: ScoreText, _ loaded: LoadedModel, _ context: JobContext
    ) throws -> ScoreText.Output {
        typealias Scorer = LogLikelihood<LlamaModel>
        let encoder = RequestEncoder(loaded: loaded, addBOS: payload.addBOS)
        let requests = try payload.requests.enumerated().map { position, request in
            if let context = request.contextIDs, let continuation = request.continuationIDs {
                return Scorer.Request(contextIDs: context, continuationIDs: continuation)
            }
            let pair = try encoder.pair(
                context: request.context ?? "", continuation: request.continuation ?? "",
                "payload.requests[\(position)]")
            return Scorer.Request(contextIDs: pair.context, continuationIDs: pair.continuation)
        }
        context.report(JobProgress(phase: "scoring", step: 0, total: requests.count))
        let scores = try Scorer(model: loaded.model).score(requests, isCancelled: { context.stopReason != nil })
        try context.checkStop()
        return ScoreText.Output(
            results: (scores ?? []).map {
                ScoreText.Score(logLikelihood: $0.logLikelihood, tokenCount: $0.tokenCount, isGreedy: $0.isGreedy)
            })
    }
}
