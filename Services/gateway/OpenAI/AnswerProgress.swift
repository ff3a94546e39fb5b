// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Messages

/// One answer as it arrives in parts: what the client has had of it, and what a part adds.
///
/// An attempt that begins the answer anew must write what was sent already, and then what follows: decoding is the same
/// for the same request and seed. Where it is not, the stream ends with an error. Parts that came twice are dropped; after
/// a part that is missing the rest comes with the result.
struct AnswerProgress {
    /// What a client gets next.
    struct Delta {
        var text: String
        var tokens: [AnswerToken]
    }

    private var sent: [UInt8] = []
    private var sentIDs: [Int32] = []
    /// The attempt that is being read, and how much of it has been.
    private var attempt = 0
    private var seen = 0
    private var seenTokens = 0
    /// Whether the rest of the attempt's parts is of no use: the answer is whole, or a part is missing.
    private var isDone = false

    static let diverged = OpenAIError(
        Problem(
            "answer-diverged", "The answer can't be resumed", status: .internalServerError,
            detail: "the request's worker was lost, and another one wrote another answer; ask again"))

    /// What a part adds; nil where it adds nothing. Throws where it is not what was sent before.
    mutating func add(_ published: PublishedPart) throws(OpenAIError) -> Delta? {
        let part = published.part
        guard published.attempt >= attempt else { return nil }
        if published.attempt > attempt {
            (attempt, seen, seenTokens, isDone) = (published.attempt, 0, 0, false)
        }
        guard !isDone, part.position >= seenTokens else { return nil }
        guard part.position == seenTokens else {
            isDone = true
            return nil
        }
        isDone = part.finishReason != nil
        let delta = try advance(part.text, AnswerToken.tokens(of: part), from: (seen, seenTokens))
        seen += part.text.utf8.count
        seenTokens += part.ids.count
        return delta.text.isEmpty && delta.tokens.isEmpty ? nil : delta
    }

    /// What is left to send of the whole answer.
    mutating func finish(_ result: GenerationResult) throws(OpenAIError) -> Delta {
        guard result.text.utf8.count >= sent.count, result.ids.count >= sentIDs.count else { throw Self.diverged }
        return try advance(result.text, AnswerToken.tokens(of: result), from: (0, 0))
    }

    /// Compares with what has been sent, from a place in it, and takes what is beyond.
    private mutating func advance(
        _ text: String, _ tokens: [AnswerToken], from start: (text: Int, tokens: Int)
    ) throws(OpenAIError) -> Delta {
        let bytes = Array(text.utf8)
        let known = min(bytes.count, sent.count - start.text)
        let knownTokens = min(tokens.count, sentIDs.count - start.tokens)
        guard sent[start.text..<start.text + known].elementsEqual(bytes[..<known]),
            sentIDs[start.tokens..<start.tokens + knownTokens].elementsEqual(tokens[..<knownTokens].map(\.id))
        else { throw Self.diverged }
        sent += bytes[known...]
        sentIDs += tokens[knownTokens...].map(\.id)
        return Delta(text: String(decoding: bytes[known...], as: UTF8.self), tokens: Array(tokens[knownTokens...]))
    }
}
