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
    /// Empty where the passage alone is asked about.
    public let question: String
    /// The passage the question is about, the only part that may be cut to fit a context.
    public let context: String?
    public let options: [Option]
    /// The answers that count as answers, in the publisher's order; the types of entities; empty where any text is one.
    public let labels: [String]
    /// The right answer as a worked example shows it: a label, labels joined by `;`, or a text.
    public let gold: String
    /// What counts as right: several labels of a set, or several accepted texts.
    public let accepted: [String]
    /// The subject as its file is named (MMLU).
    public let subject: String?

    /// `accepted` is the gold answer alone where nothing is given.
    public init(
        id: String, question: String, context: String? = nil, options: [Option] = [], labels: [String], gold: String,
        accepted: [String]? = nil, subject: String? = nil
    ) {
        self.id = id
        self.question = question
        self.context = context
        self.options = options
        self.labels = labels
        self.gold = gold
        self.accepted = accepted ?? [gold]
        self.subject = subject
    }

    /// Whether the two are one question, whatever their ids.
    func asksTheSame(as other: BenchmarkItem) -> Bool {
        question == other.question && context == other.context && options == other.options
    }
}
