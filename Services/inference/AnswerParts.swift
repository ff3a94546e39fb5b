// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Messages
import ServiceRuntime
import Synchronization

/// Shows the answers of a job while they are written, where its payload asks for that.
///
/// What it shows of an answer, put together, is the beginning of the result: an answer that is one of given choices is shown
/// with the result only, as its text is not what its ids decode to.
final class AnswerParts: Sendable {
    private struct Answer {
        var count = 0
        /// Text after the last token, kept for the last part: alone it could not be told from a part that came twice.
        var rest = ""
    }

    private let context: JobContext
    private let encoder: AnswerEncoder
    private let requests: [Messages.GenerationRequest]
    private let answers: Mutex<[Answer]>

    /// Nil where the payload does not ask for parts.
    init?(_ payload: GenerateText, encoder: AnswerEncoder, context: JobContext) {
        guard payload.stream == true else { return nil }
        self.context = context
        self.encoder = encoder
        requests = payload.requests
        answers = Mutex([Answer](repeating: Answer(), count: payload.requests.count))
    }

    /// Takes an event of an answer, on the engine's thread.
    func hear(_ index: Int, _ event: GenerationEvent) {
        let request = requests[index]
        guard request.choices == nil, request.responseFormat?.type != .choice else { return }
        switch event {
        case .part(let part): hear(index, part, request)
        case .finished(let result):
            guard result.finishReason != .cancelled else { return }
            let (position, rest) = answers.withLock { ($0[index].count, $0[index].rest) }
            context.publish(
                part: GenerationPart(
                    index: index, position: position, text: rest, ids: [],
                    finishReason: encoder.reason(result.finishReason)))
        case .failed: break
        }
    }

    private func hear(_ index: Int, _ part: AnswerPart, _ request: Messages.GenerationRequest) {
        guard let id = part.id else {
            answers.withLock { $0[index].rest += part.text }
            return
        }
        let position = answers.withLock { answers in
            defer { answers[index].count += 1 }
            return answers[index].count
        }
        let tells = request.logprobs
        context.publish(
            part: GenerationPart(
                index: index, position: position, text: part.text, ids: [id],
                logprobs: tells == nil ? nil : [part.logprob ?? 0],
                tokens: tells == nil ? nil : encoder.text(id).map { [$0] },
                topLogprobs: tells ?? 0 > 0 ? [encoder.ranked(part.topLogprobs)] : nil))
    }
}
