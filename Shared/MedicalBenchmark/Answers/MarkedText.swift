// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A text with HTML tags around its entities, read as leniently as Beautiful Soup reads it with Python's parser: tags
/// may stay open, close twice or stand in each other, and a `<` that begins no tag is a `<`.
///
/// Only what stands at the top level is told apart: text, or a tag with all the text inside it.
struct MarkedText {
    struct Piece: Hashable {
        var text: String
        /// The first name of the tag's `class`; nil for text, and for a tag without one.
        var type: String?
        var isTag: Bool
    }

    let pieces: [Piece]

    /// The text without its tags.
    var plain: String { pieces.map(\.text).joined() }

    init(_ html: String) {
        var reader = Reader(scalars: Array(html.unicodeScalars))
        reader.read()
        pieces = reader.pieces
    }

    private struct Reader {
        let scalars: [Unicode.Scalar]
        var position = 0
        var pieces: [Piece] = []
        /// Names of the tags that are open.
        var open: [String] = []

        init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

        /// Tags that never have content.
        static let void: Set<String> = [
            "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
        ]

        mutating func read() {
            while position < scalars.count {
                switch scalars[position] {
                case "<" where tag(): break
                case "&": append(entity())
                default:
                    append(String(scalars[position]))
                    position += 1
                }
            }
        }

        private mutating func append(_ string: String) {
            if open.isEmpty {
                if pieces.last?.isTag == false {
                    pieces[pieces.count - 1].text += string
                } else {
                    pieces.append(Piece(text: string, type: nil, isTag: false))
                }
            } else {
                pieces[pieces.count - 1].text += string
            }
        }

        /// Reads a tag if one begins here and ends somewhere.
        private mutating func tag() -> Bool {
            var index = position + 1
            let isClosing = index < scalars.count && scalars[index] == "/"
            if isClosing { index += 1 }
            let start = index
            while index < scalars.count, scalars[index].properties.isAlphabetic || index > start && isNamePart(index) {
                index += 1
            }
            guard index > start, let end = self.end(from: index) else { return false }
            let name = String(String.UnicodeScalarView(scalars[start..<index])).lowercased()
            let attributes = scalars[index..<end]
            position = end + 1
            if isClosing {
                close(name)
            } else {
                begin(name, attributes, isClosed: attributes.last == "/" || Self.void.contains(name))
            }
            return true
        }

        private func isNamePart(_ index: Int) -> Bool {
            let scalar = scalars[index]
            return scalar == "-" || scalar.properties.numericType != nil
        }

        /// The `>` that ends a tag, beyond quoted values.
        private func end(from start: Int) -> Int? {
            var quote: Unicode.Scalar?
            for index in start..<scalars.count {
                let scalar = scalars[index]
                if let open = quote {
                    if scalar == open { quote = nil }
                } else if scalar == "\"" || scalar == "'" {
                    quote = scalar
                } else if scalar == ">" {
                    return index
                }
            }
            // A quote that never closes: the first `>` then.
            return quote == nil ? nil : scalars[start...].firstIndex(of: ">")
        }

        private mutating func begin(_ name: String, _ attributes: ArraySlice<Unicode.Scalar>, isClosed: Bool) {
            if open.isEmpty { pieces.append(Piece(text: "", type: Self.type(attributes), isTag: true)) }
            if !isClosed { open.append(name) }
        }

        private mutating func close(_ name: String) {
            guard let last = open.lastIndex(of: name) else { return }
            open.removeSubrange(last...)
        }

        /// The first name in the value of `class`.
        private static func type(_ attributes: ArraySlice<Unicode.Scalar>) -> String? {
            let text = String(String.UnicodeScalarView(attributes))
            guard let name = text.range(of: "class", ignoringCase: true) else { return nil }
            var rest = text[name.upperBound...].drop(while: \.isWhitespace)
            guard rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
            let value: Substring
            if let quote = rest.first, quote == "\"" || quote == "'" {
                value = rest.dropFirst().prefix { $0 != quote }
            } else {
                value = rest.prefix { !$0.isWhitespace && $0 != "/" }
            }
            return value.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }

        /// A character reference, or the ampersand itself.
        private mutating func entity() -> String {
            let limit = min(scalars.count, position + 12)
            if let end = scalars[position..<limit].firstIndex(of: ";") {
                let name = String(String.UnicodeScalarView(scalars[position + 1..<end]))
                if let text = CharacterReferences.text(of: name) {
                    position = end + 1
                    return text
                }
            }
            position += 1
            return "&"
        }
    }
}

extension String {
    /// Where a text in ASCII stands, in any case.
    fileprivate func range(of text: String, ignoringCase: Bool) -> Range<Index>? {
        let wanted = Array(text.lowercased().utf8)
        var start = utf8.startIndex
        while let end = utf8.index(start, offsetBy: wanted.count, limitedBy: utf8.endIndex) {
            if utf8[start..<end].elementsEqual(wanted, by: { ($0 | 0x20) == $1 }) { return start..<end }
            guard start < utf8.endIndex else { return nil }
            start = utf8.index(after: start)
        }
        return nil
    }
}
