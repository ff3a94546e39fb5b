// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A named entity: its type, and its first and last token.
struct EntitySpan: Hashable {
    let type: String
    let first: Int
    let last: Int

    /// The entities of a sequence of IOB2 tags (`B-test`, `I-test`, `O`), as seqeval finds them.
    ///
    /// By default, as conlleval does, an `I-` after `O` or after another type opens an entity; under `isStrict` only `B-`
    /// does, and other `I-` tags belong to nothing.
    static func spans(of tags: [String], isStrict: Bool) -> [EntitySpan] {
        var spans: [EntitySpan] = []
        var open: (type: String, first: Int)?
        func close(before index: Int) {
            if let entity = open { spans.append(EntitySpan(type: entity.type, first: entity.first, last: index - 1)) }
            open = nil
        }
        for (index, tag) in tags.enumerated() {
            let type = tag.dropFirst().first == "-" ? String(tag.dropFirst(2)) : ""
            switch tag.first {
            case "B":
                close(before: index)
                open = (type, index)
            case "I":
                if open?.type == type { continue }
                close(before: index)
                if !isStrict { open = (type, index) }
            default: close(before: index)
            }
        }
        close(before: tags.count)
        return spans
    }
}
