// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads the elements of an XML file into memory.
struct XMLReader {
    /// Deeper than any annotation file nests.
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1

    init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    mutating func root() throws(BenchmarkError) -> XMLElement {
        while let byte = peek() {
            if Self.isSpace(byte) {
                advance(1)
            } else if starts(with: "<?") {
                _ = try text(upTo: "?>")
            } else if starts(with: "<!--") {
                _ = try text(upTo: "-->")
            } else if starts(with: "<!DOCTYPE") {
                let declaration = try text(upTo: ">")
                guard !declaration.contains(UInt8(ascii: "[")) else {
                    throw broken("declares entities of its own, which are not read")
                }
            } else if byte == UInt8(ascii: "<") {
                return try element(depth: 0)
            } else {
                throw broken("has text before its first element")
            }
        }
        throw broken("holds no element")
    }

    /// An element whose `<` is next.
    private mutating func element(depth: Int) throws(BenchmarkError) -> XMLElement {
        guard depth < Self.maximumDepth else { throw broken("nests more than \(Self.maximumDepth) elements deep") }
        let start = line
        advance(1)
        let name = try self.name()
        var attributes: [String: String] = [:]
        while true {
            skipSpace()
            guard let byte = peek() else { throw broken("ends inside a tag") }
            if byte == UInt8(ascii: ">") {
                advance(1)
                break
            }
            if starts(with: "/>") {
                advance(2)
                return XMLElement(name: name, attributes: attributes, line: start)
            }
            let key = try self.name()
            skipSpace()
            guard peek() == UInt8(ascii: "=") else { throw broken("has an attribute without a value") }
            advance(1)
            skipSpace()
            guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                throw broken("has an attribute whose value is not quoted")
            }
            advance(1)
            attributes[key] = try decoded(upTo: quote)
            advance(1)
        }
        var element = XMLElement(name: name, attributes: attributes, line: start)
        while true {
            guard let byte = peek() else { throw broken("ends inside an element") }
            if starts(with: "</") {
                advance(2)
                guard try self.name() == name else { throw broken("closes another element than the one that is open") }
                skipSpace()
                guard peek() == UInt8(ascii: ">") else { throw broken("has a closing tag that does not end") }
                advance(1)
                return element
            }
            if starts(with: "<![CDATA[") {
                advance(9)
                element.text += try string(text(upTo: "]]>"))
            } else if starts(with: "<!--") {
                _ = try text(upTo: "-->")
            } else if starts(with: "<?") {
                _ = try text(upTo: "?>")
            } else if byte == UInt8(ascii: "<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                element.text += try decoded(upTo: UInt8(ascii: "<"))
            }
        }
    }

    private mutating func name() throws(BenchmarkError) -> String {
        let start = position
        while let byte = peek(), !Self.isSpace(byte), !Self.ends.contains(byte) { advance(1) }
        guard position > start else { throw broken("has a tag or an attribute without a name") }
        return try string(bytes[start..<position])
    }

    /// Text with its references replaced, up to a byte that is left to be read.
    private mutating func decoded(upTo end: UInt8) throws(BenchmarkError) -> String {
        let start = position
        while let byte = peek(), byte != end { advance(1) }
        guard peek() != nil else { throw broken("ends inside a text") }
        let text = try string(bytes[start..<position])
        guard text.contains("&") else { return text }
        var result = ""
        for (index, piece) in text.unicodeScalars.split(separator: "&", omittingEmptySubsequences: false).enumerated() {
            guard index > 0 else {
                result += String(piece)
                continue
            }
            let halves = String(piece).split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let character = CharacterReferences.text(of: String(halves[0])) else {
                throw broken("has a reference that XML does not know")
            }
            result += character + halves[1]
        }
        return result
    }

    /// What stands before a mark, which is passed over.
    private mutating func text(upTo mark: String) throws(BenchmarkError) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count {
            if starts(with: mark) {
                let content = bytes[start..<position]
                advance(mark.utf8.count)
                return content
            }
            advance(1)
        }
        throw broken("has no \(mark) where one is due")
    }

    private func string(_ bytes: ArraySlice<UInt8>) throws(BenchmarkError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw broken("is no valid UTF-8") }
        return text
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func skipSpace() { while let byte = peek(), Self.isSpace(byte) { advance(1) } }

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static let ends = Set("<>/=\"'".utf8)

    private func broken(_ reason: String) -> BenchmarkError {
        .record(file, line: line, field: nil, reason, remedy: RecordDecoder.layoutRemedy)
    }
}
