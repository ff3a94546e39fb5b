// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Parts the description of a case from the question about it, as examination questions are written.
enum CaseDescription {
    /// The sentences before the last one, with the space that follows them, and the last; together they are `text`.
    ///
    /// A sentence ends with `.`, `?` or `!` before white space. The description is what may be cut to fit a context;
    /// it is nil where there is one sentence only.
    static func split(_ text: String) -> (description: String?, question: String) {
        let scalars = text.unicodeScalars
        var start = scalars.startIndex
        var isAfterEnd = false
        var isInSpace = false
        for index in scalars.indices {
            let isSpace = scalars[index].properties.isWhitespace
            if !isSpace, isInSpace { start = index }
            isInSpace = isSpace && (isAfterEnd || isInSpace)
            isAfterEnd = ".?!".unicodeScalars.contains(scalars[index])
        }
        guard start > scalars.startIndex else { return (nil, text) }
        return (String(scalars[..<start]), String(scalars[start...]))
    }
}
