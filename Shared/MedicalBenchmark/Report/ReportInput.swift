// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a report is made of: a column a model, and which columns to compare.
public struct ReportInput: Codable, Sendable, Hashable {
    /// One model's column.
    public struct Entry: Codable, Sendable, Hashable {
        /// The column's name, such as `pre-trained`.
        public var label: String
        public var evaluations: [EvaluationResult]?
        /// By domain.
        public var perplexity: [String: DomainPerplexity]?
        /// Of the job that trained it.
        public var training: TrainingOutline?
        /// The tasks whose train split it was fine-tuned on.
        public var supervised: [String]?

        public init(
            label: String, evaluations: [EvaluationResult]? = nil, perplexity: [String: DomainPerplexity]? = nil,
            training: TrainingOutline? = nil, supervised: [String]? = nil
        ) {
            self.label = label
            self.evaluations = evaluations
            self.perplexity = perplexity
            self.training = training
            self.supervised = supervised
        }
    }

    /// What a stage did: from one column to another, against a third that had the same steps on other data.
    public struct Comparison: Codable, Sendable, Hashable {
        public var from: String
        public var to: String
        public var control: String?

        public init(from: String, to: String, control: String? = nil) {
            self.from = from
            self.to = to
            self.control = control
        }
    }

    public var title: String?
    public var results: [Entry]
    /// Default: each column from the one before it.
    public var comparisons: [Comparison]?
    public var corpus: CorpusOutline?
    /// By task, the share of its items that stand in the training data, as the corpus stage found; nil where nobody
    /// looked.
    public var contamination: [String: Double]?

    public init(
        title: String? = nil, results: [Entry], comparisons: [Comparison]? = nil, corpus: CorpusOutline? = nil,
        contamination: [String: Double]? = nil
    ) {
        self.title = title
        self.results = results
        self.comparisons = comparisons
        self.corpus = corpus
        self.contamination = contamination
    }
}
