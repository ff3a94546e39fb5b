// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The authors' parser (`Classification.process_results` in their evaluation code), with its traps: walk the labels in
/// list order, and the first that is a substring of the output is the answer. "I do not know; maybe" is a "no".
struct PublishedParser: AnswerParser {
    /// The authors compare words in lower case and option letters as they are.
    let isCaseSensitive: Bool

    func parse(_ output: String, labels: [String]) -> String? {
        let text = Array((isCaseSensitive ? output : output.lowercased()).unicodeScalars)
        return labels.first { label in
            Self.contains(text, Array((isCaseSensitive ? label : label.lowercased()).unicodeScalars))
        }
    }

    /// By code points as Python compares; Swift's own search goes by whole characters.
    private static func contains(_ text: [Unicode.Scalar], _ label: [Unicode.Scalar]) -> Bool {
        guard !label.isEmpty, text.count >= label.count else { return false }
        return (0...text.count - label.count).contains { text[$0..<$0 + label.count].elementsEqual(label) }
    }
}
