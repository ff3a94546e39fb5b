// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One task in one setting, all models beside the majority class and the paper.
public struct ScoreTable: Codable, Sendable, Hashable {
    public struct Row: Codable, Sendable, Hashable {
        /// The column of the report it is of.
        public let model: String
        public let metrics: [String: MetricEstimate]
        public let parseRate: Double
        public let truncated: Int
        public let unfit: Int
        /// Worked examples that fit, on average.
        public let shotsKept: Double?
        public let missing: Int?
        /// The same outputs under the other profile.
        public let alternative: ProfileScores
        public let labelScores: [LabelScore]?
        /// How often each label (row) was answered by each (column), the last column being none of them.
        public let confusion: [[Int]]?
        public let calibration: Calibration?
        public let worst: [WorstItem]
        /// What gave summaries their BERTScore; nil where no encoder was named, and for other answers.
        public let bertScore: BERTScoreSetting?
    }

    public let task: String
    public let taskName: String
    public let kind: AnswerKind
    public let restricted: Bool
    public let split: String?
    public let dataSHA256: String
    public let profile: ScoringProfile
    public let prompt: String?
    public let mode: AnswerMode?
    public let shots: Int?
    public let decoding: Decoding?
    public let bootstrap: Bootstrap
    public let items: Int
    public let majority: MajorityBaseline?
    public let rows: [Row]
    /// All of the paper's figures for the task, whatever their setting.
    public let paper: [PaperFigure]

    /// The tables of a report, a setting each, in order of appearance.
    static func tables(of entries: [ReportInput.Entry]) -> [ScoreTable] {
        var order: [Setting] = []
        var found: [Setting: [(label: String, result: EvaluationResult)]] = [:]
        for entry in entries {
            for result in entry.evaluations ?? [] {
                let setting = Setting(result)
                if found[setting] == nil { order.append(setting) }
                found[setting, default: []].append((entry.label, result))
            }
        }
        return order.compactMap { found[$0].flatMap(ScoreTable.init(of:)) }
    }

    private init?(of results: [(label: String, result: EvaluationResult)]) {
        guard let first = results.first?.result else { return nil }
        task = first.task
        taskName = first.taskName
        kind = first.kind
        restricted = first.restricted
        split = first.split
        dataSHA256 = first.dataSHA256
        profile = first.profile
        prompt = first.prompt
        mode = first.mode
        shots = first.shots
        decoding = first.decoding
        bootstrap = first.bootstrap
        items = first.items
        majority = first.majority
        rows = results.map { label, result in
            Row(
                model: label, metrics: result.metrics, parseRate: result.parseRate, truncated: result.truncated,
                unfit: result.unfit, shotsKept: result.shotsKept, missing: result.missing,
                alternative: result.alternative,
                labelScores: result.labelScores, confusion: (try? result.outcomes.confusion()) ?? nil,
                calibration: result.calibration, worst: result.worst,
                bertScore: result.bertScore)
        }
        paper = PaperResults.figures(dataset: first.taskName)
    }

    /// What must be equal for two figures to stand in one table.
    struct Setting: Hashable {
        let task: String
        let data: String
        let items: String
        let profile: ScoringProfile
        let prompt: String?
        var mode: AnswerMode?
        let shots: Int?

        init(_ result: EvaluationResult) {
            task = result.task
            data = result.dataSHA256
            items = result.outcomes.itemsSHA256
            profile = result.profile
            prompt = result.prompt
            mode = result.mode
            shots = result.shots
        }
    }
}
