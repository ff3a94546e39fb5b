// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the labels that an output names at token boundaries, in any case; the one named first is its answer.
///
/// Longer labels are matched first and claim their place: in "Cosmetic / Plastic Surgery" there is no "Surgery", in
/// "Neurosurgery" and "know" there is nothing. Runs of white space count as one space.
struct StrictWordParser: AnswerParser, LabelSetParser {
    /// Other spellings of labels.
    var aliases: [String: String] = [:]

    func parse(_ output: String, labels: [String]) -> String? {
        places(output, labels).min { $0.value < $1.value }?.key
    }

    func parse(_ output: String, labels: [String]) -> [String] {
        let found = places(output, labels)
        return labels.filter { found[$0] != nil }
    }

    /// Where each label that is named stands first.
    private func places(_ output: String, _ labels: [String]) -> [String: Int] {
        let text = OutputScanner(Self.normalised(output))
        let others = aliases.filter { labels.contains($0.value) }.map { (spelling: $0.key, label: $0.value) }
        let spellings = (labels.map { (spelling: $0, label: $0) } + others)
            .map { (letters: Array(Self.normalised($0.spelling).unicodeScalars), label: $0.label) }
            .sorted { $0.letters.count > $1.letters.count }
        var claimed = [Bool](repeating: false, count: text.scalars.count)
        var found: [String: Int] = [:]
        for (wanted, label) in spellings where !wanted.isEmpty && wanted.count <= text.scalars.count {
            for start in 0...text.scalars.count - wanted.count where text.scalars[start] == wanted[0] {
                let range = start..<start + wanted.count
                guard text.scalars[range].elementsEqual(wanted), !claimed[range].contains(true), text.isWhole(range)
                else { continue }
                for index in range { claimed[index] = true }
                found[label] = min(start, found[label] ?? start)
            }
        }
        return found
    }

    private static func normalised(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
