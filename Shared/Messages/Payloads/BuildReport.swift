// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `report.build`: results side by side, with the paper's figures.
public struct BuildReport: JobPayload, Hashable {
    /// One model's column.
    public struct Entry: Codable, Sendable, Hashable {
        /// The column's name, such as `pre-trained`.
        public var label: String
        /// `result` of `evaluate.task` jobs.
        public var evaluations: [JSONValue]?
        /// `perplexity` of an `evaluate.perplexity` job.
        public var perplexity: JSONValue?
        /// `summary` of the job that trained it.
        public var training: JSONValue?
        /// The tasks whose train split the model was fine-tuned on: their results stand beside the paper's Table 2.
        public var supervised: [String]?
        public init(
            label: String, evaluations: [JSONValue]? = nil, perplexity: JSONValue? = nil, training: JSONValue? = nil,
            supervised: [String]? = nil
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
    /// A finished run, whose evaluations are found by their stages; or give `results`.
    public var run: RunID?
    public var results: [Entry]?
    public var comparisons: [Comparison]?
    /// `tokens` and `dropped` of the corpus stage, to be shown.
    public var corpus: JSONValue?
    /// By task, the share of its items that stand in the training data.
    public var contamination: [String: Double]?

    public init(
        title: String? = nil, run: RunID? = nil, results: [Entry]? = nil, comparisons: [Comparison]? = nil,
        corpus: JSONValue? = nil, contamination: [String: Double]? = nil
    ) {
        self.title = title
        self.run = run
        self.results = results
        self.comparisons = comparisons
        self.corpus = corpus
        self.contamination = contamination
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case report, text }
        /// A folder with report.json, report.csv, report.md and report.html.
        public var report: DataReference
        /// The table as a terminal shows it.
        public var text: String
        public init(report: DataReference, text: String) {
            self.report = report
            self.text = text
        }
    }

    public func validate() throws(MessageError) {
        try Bound.require((run == nil) != (results == nil), "results", "give exactly one of \"run\" and \"results\"")
        let labels = Set((results ?? []).map(\.label))
        if results != nil {
            for (index, comparison) in (comparisons ?? []).enumerated() {
                for label in [comparison.from, comparison.to] + [comparison.control].compactMap({ $0 }) {
                    try Bound.require(
                        labels.contains(label), "comparisons[\(index)]",
                        "no result is labelled \"\(label.prefix(60))\"" + NearestName.hint(for: label, among: labels))
                }
            }
        }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
}
