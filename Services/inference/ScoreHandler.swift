// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Messages
import ServiceRuntime
import Tensors
import Tokenization

/// Serves `infer.score`: how likely the model finds given continuations.
struct ScoreHandler: JobHandler {
    let kinds: [JobKind] = [.inferScore]
    let library: ModelLibrary
    let remotes: RemoteModels

    var loadedModels: [ModelReference]? { library.loadedModels }

    func handle(_ payload: ScoreText, context: JobContext) async throws -> ScoreText.Output {
        if case .remote(let name) = payload.model {
            return try await remotes.answers(of: name).score(Shareable(payload), context)
        }
        return try await served(payload, context)
    }

    private func served(_ payload: ScoreText, _ context: JobContext) async throws -> ScoreText.Output {
        try await InferenceSession.run(library, payload.model, adapter: payload.adapter, context) { session in
            let loaded = session.loaded
            let requests = try await context.compute {
                try payload.requests.enumerated().map { position, request in
                    if let context = request.contextIDs, let continuation = request.continuationIDs {
                        return ScoreRequest(contextIDs: context, continuationIDs: continuation)
                    }
                    let pair = try RequestEncoder(loaded: loaded, addBOS: payload.addBOS).pair(
                        context: request.context ?? "", continuation: request.continuation ?? "",
                        "payload.requests[\(position)]")
                    return ScoreRequest(contextIDs: pair.context, continuationIDs: pair.continuation)
                }
            }
            context.report(JobProgress(phase: "scoring", step: 0, total: requests.count))
            let scores = try await loaded.engine.score(requests, for: session.origin)
            return ScoreText.Output(
                results: scores.map {
                    ScoreText.Score(logLikelihood: $0.logLikelihood, tokenCount: $0.tokenCount, isGreedy: $0.isGreedy)
                }, instructions: ServingInstructions.current.rawValue)
        }
    }
}
