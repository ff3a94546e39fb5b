// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The authors' parser (`Classification.process_results` in their evaluation code), with its traps: walk the labels in
/// list order, and the first that is a substring of the output is the answer. "I do not know; maybe" is a "no".
struct PublishedParser: AnswerParser {
    /// The authors compare words in lower case and option letters as they are.
    let isCaseSensitive: Bool

    func parse(_ output: String, labels: [String]) -> String? {
        let text = Array((isCaseSensitive ? output : output.lowercased()).unicodeScalars)
        return labels.first { label in
            let wanted = Array((isCaseSensitive ? label : label.lowercased()).unicodeScalars)
            return !wanted.isEmpty && PythonText.contains(text, wanted)
        }
    }
}

/// The authors' parser for 2013 DDI: exactly one label may occur, case counting; with two there is no answer.
struct PublishedRelationParser: AnswerParser {
    func parse(_ output: String, labels: [String]) -> String? {
        let found = PublishedLabelSetParser().parse(output, labels: labels)
        return found.count == 1 ? found[0] : nil
    }
}

/// The authors' parser for HoC: every label that occurs, case counting.
struct PublishedLabelSetParser: LabelSetParser {
    func parse(_ output: String, labels: [String]) -> [String] {
        let text = Array(output.unicodeScalars)
        return labels.filter { PythonText.contains(text, Array($0.unicodeScalars)) }
    }
}
