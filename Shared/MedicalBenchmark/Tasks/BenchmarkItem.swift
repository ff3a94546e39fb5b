// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One question of a benchmark with its right answer.
public struct BenchmarkItem: Sendable, Hashable {
    /// A lettered answer to choose from.
    public struct Option: Sendable, Hashable {
        /// The letter.
        public let label: String
        public let text: String

        public init(label: String, text: String) {
            self.label = label
            self.text = text
        }
    }

    /// Unique in its data set; the publisher's own where there is one.
    public let id: String
    public let question: String
    /// The passage the question is about, the only part that may be cut to fit a context.
    public let context: String?
    public let options: [Option]
    /// The answers that count as answers, in the publisher's order.
    public let labels: [String]
    /// One of `labels`.
    public let gold: String
    /// The subject as its file is named (MMLU).
    public let subject: String?

    public init(
        id: String, question: String, context: String? = nil, options: [Option] = [], labels: [String], gold: String,
        subject: String? = nil
    ) {
        self.id = id
        self.question = question
        self.context = context
        self.options = options
        self.labels = labels
        self.gold = gold
        self.subject = subject
    }
}
