// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A metric as tables show it.
struct HeadlineMetric: Hashable {
    /// As results name it.
    let name: String
    /// As a column's heading.
    let title: String
    /// The paper's name of the figure that stands beside it; nil where the paper has none.
    let paper: String?

    static let bertScore = HeadlineMetric(name: "bertScore", title: "BERTScore", paper: "BERTScore")
}

extension AnswerKind {
    /// The metrics that tables show, the paper's own first.
    func headline(_ profile: ScoringProfile) -> [HeadlineMetric] {
        func metric(_ name: String, _ title: String, _ paper: String? = nil) -> HeadlineMetric {
            HeadlineMetric(name: name, title: title, paper: paper)
        }
        switch self {
        case .word, .letter, .relation:
            return [
                metric("accuracy", "accuracy", "Accuracy"), metric("macroF1", "macro-F1", "Macro-F1"),
                metric("weightedF1", "weighted F1", "F1"),
            ]
        case .topics:
            return [
                metric("macroF1", "macro-F1", "Macro-F1"), metric("microF1", "micro-F1"),
                metric("exactMatch", "exact match"),
            ]
        case .passage: return [metric("exactMatch", "exact match", "Accuracy"), metric("f1", "F1", "F1")]
        case .markup:
            // The paper says macro, its code computes micro.
            return profile == .published
                ? [metric("microF1", "micro-F1", "Macro-F1"), metric("macroF1", "macro-F1")]
                : [metric("macroF1", "macro-F1", "Macro-F1"), metric("microF1", "micro-F1")]
        case .summary:
            return [
                metric("rougeL", "ROUGE-L", "ROUGE-L"), .bertScore,
                metric("rouge1", "ROUGE-1"), metric("rouge2", "ROUGE-2"),
            ]
        }
    }

    /// What tables of all tasks show of this one.
    func mainMetric(_ profile: ScoringProfile) -> HeadlineMetric { headline(profile)[0] }
}

extension MajorityBaseline {
    subscript(metric: String) -> Double? {
        switch metric {
        case "accuracy": accuracy
        case "macroF1": macroF1
        case "weightedF1": weightedF1
        default: nil
        }
    }
}
