// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Log-probabilities as an endpoint tells them, of a chat or of a text.
struct RemoteLogprobs {
    var tokens: [String] = []
    /// Nil for a prompt's first token.
    var logprobs: [Double?] = []
    /// Where each token begins, in characters; empty for a chat.
    var offsets: [Int] = []
    private var best: [Double?] = []

    /// Nil where there are none, or not of this form.
    init?(_ value: JSONValue?, isChat: Bool) {
        if isChat {
            guard case .array(let entries)? = value?["content"] else { return nil }
            for entry in entries {
                guard let token = entry["token"]?.stringValue, let logprob = entry["logprob"]?.doubleValue else {
                    return nil
                }
                tokens.append(token)
                logprobs.append(logprob)
            }
            return
        }
        guard let value, case .array(let all)? = value["token_logprobs"], !all.isEmpty else { return nil }
        logprobs = all.map(\.doubleValue)
        if case .array(let texts)? = value["tokens"] { tokens = texts.map { $0.stringValue ?? "" } }
        if case .array(let places)? = value["text_offset"] {
            offsets = places.map { Int($0.doubleValue ?? 0) }
        } else {
            var place = 0
            for token in tokens {
                offsets.append(place)
                place += token.unicodeScalars.count
            }
        }
        if case .array(let tops)? = value["top_logprobs"] {
            best = tops.map { top in
                guard case .object(let members) = top else { return nil }
                return members.values.compactMap(\.doubleValue).max()
            }
        }
        guard tokens.count == logprobs.count, offsets.count == logprobs.count else { return nil }
    }

    /// The places of the tokens with the last so many characters, `behind` tokens behind them left out; none where a
    /// token there has no log-probability. Counted from the end: a character of several tokens is told as several, so that
    /// places counted from the start are too large behind it.
    func last(characters: Int, before behind: Int) -> [Int] {
        let end = max(0, tokens.count - behind)
        var (first, length) = (end, 0)
        while first > 0, length < characters {
            first -= 1
            length += tokens[first].unicodeScalars.count
        }
        let places = Array(first..<end)
        return places.allSatisfy { logprobs[$0] != nil } ? places : []
    }

    /// Whether no token was likelier at that place, as far as is told.
    func isLikeliest(_ index: Int) -> Bool {
        guard best.indices.contains(index), let top = best[index], let own = logprobs[index] else { return false }
        return own >= top - 1e-6
    }
}
