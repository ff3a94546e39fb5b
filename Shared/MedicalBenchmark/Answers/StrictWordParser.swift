// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the label that an output names first, at token boundaries and in any case.
///
/// Longer labels are matched first and claim their place: in "Cosmetic / Plastic Surgery" there is no "Surgery", in
/// "Neurosurgery" and "know" there is nothing. Runs of white space count as one space.
struct StrictWordParser: AnswerParser {
    func parse(_ output: String, labels: [String]) -> String? {
        let text = OutputScanner(Self.normalised(output))
        var claimed = [Bool](repeating: false, count: text.scalars.count)
        var earliest: (position: Int, label: String)?
        for label in labels.sorted(by: { $0.unicodeScalars.count > $1.unicodeScalars.count }) {
            let wanted = Array(Self.normalised(label).unicodeScalars)
            guard !wanted.isEmpty, wanted.count <= text.scalars.count else { continue }
            for start in 0...text.scalars.count - wanted.count {
                let range = start..<start + wanted.count
                guard text.scalars[range].elementsEqual(wanted), !claimed[range].contains(true), text.isWhole(range)
                else { continue }
                for index in range { claimed[index] = true }
                if earliest.map({ start < $0.position }) ?? true { earliest = (start, label) }
            }
        }
        return earliest?.label
    }

    private static func normalised(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
