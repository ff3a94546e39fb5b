// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Messages
import ServiceRuntime
import Synchronization
import Tokenization

/// Serves `infer.generate`: requests of all jobs on one model are decoded together.
struct GenerateHandler: JobHandler {
    let kinds: [JobKind] = [.inferGenerate]
    let library: ModelLibrary
    let remotes: RemoteModels

    var loadedModels: [ModelReference]? { library.loadedModels }

    func handle(_ payload: GenerateText, context: JobContext) async throws -> GenerateText.Output {
        if case .remote(let name) = payload.model {
            return try await remotes.answers(of: name).generate(Shareable(payload), context)
        }
        return try await served(payload, context)
    }

    private func served(_ payload: GenerateText, _ context: JobContext) async throws -> GenerateText.Output {
        try await InferenceSession.run(library, payload.model, adapter: payload.adapter, context) { session in
            let loaded = session.loaded
            let encoded = try await context.compute {
                let encoder = RequestEncoder(loaded: loaded, addBOS: payload.addBOS)
                return try payload.requests.enumerated().map { try encoder.request($1, position: $0) }
            }
            let progress = Progress(context, phase: "generating", total: encoded.count)
            let encoder = AnswerEncoder(tokenizer: loaded.tokenizer)
            let parts = AnswerParts(payload, encoder: encoder, context: context)
            let results = try await loaded.engine.generate(encoded.map(\.request), for: session.origin) {
                index, event in
                parts?.hear(index, event)
                if case .finished = event { progress.advance() }
            }
            return GenerateText.Output(
                results: zip(encoded, results).enumerated().map { position, pair in
                    encoder.result(pair.1, of: pair.0, asked: payload.requests[position])
                })
        }
    }
}

/// Tells how many of a job's requests are done.
final class Progress: Sendable {
    private let context: JobContext
    private let phase: String
    private let total: Int
    private let done = Mutex(0)

    init(_ context: JobContext, phase: String, total: Int) {
        self.context = context
        self.phase = phase
        self.total = total
        context.report(JobProgress(phase: phase, step: 0, total: total))
    }

    func advance() {
        let step = done.withLock { done in
            done += 1
            return done
        }
        context.report(JobProgress(phase: phase, step: step, total: total))
    }
}
