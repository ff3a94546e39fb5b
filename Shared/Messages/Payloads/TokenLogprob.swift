// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A token that a model might have written at one place.
public struct TokenLogprob: Codable, Sendable, Hashable {
    public var id: Int32
    /// Its text; U+FFFD where it is part of a character. Absent for a model without a tokenizer.
    public var text: String?
    /// In nats, under the distribution before temperature and filters.
    public var logprob: Double

    public init(id: Int32, text: String? = nil, logprob: Double) {
        self.id = id
        self.text = text
        self.logprob = logprob
    }
}
