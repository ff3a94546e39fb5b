// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Splits one JSON object into its entries in the order of the file.
///
/// PubMedQA is one object keyed by PMID, and which record is the 401st must not depend on a hash table. Each value is
/// found by its brackets and strings alone and decoded later, so an error can name its line.
struct JSONObjectEntries {
    struct Entry {
        let key: String
        let value: ArraySlice<UInt8>
        /// Where the key stands, counted from 1.
        let line: Int
    }

    static func read(_ bytes: [UInt8], file: String) throws(BenchmarkError) -> [Entry] {
        var scanner = JSONObjectEntries(bytes: bytes, file: file)
        return try scanner.entries()
    }

    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func entries() throws(BenchmarkError) -> [Entry] {
        var entries: [Entry] = []
        try expect("{")
        guard peek() != UInt8(ascii: "}") else { return entries }
        while true {
            skipSpace()
            let keyLine = line
            let key = try string()
            try expect(":")
            skipSpace()
            let start = position
            try skipValue()
            entries.append(Entry(key: key, value: bytes[start..<position], line: keyLine))
            if peek() == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect("}")
                guard peek() == nil else { throw broken("goes on after its closing brace") }
                return entries
            }
        }
    }

    private mutating func string() throws(BenchmarkError) -> String {
        skipSpace()
        let start = position
        let startLine = line
        guard peek() == UInt8(ascii: "\"") else { throw broken("has no quoted key where one is due") }
        try skipString()
        return try RecordDecoder.decode(String.self, from: bytes[start..<position], file: file, line: startLine)
    }

    private mutating func skipString() throws(BenchmarkError) {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\n"): throw broken("has a line break inside a string")
            default: position += 1
            }
        }
        throw broken("ends inside a string")
    }

    private mutating func skipValue() throws(BenchmarkError) {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                try skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return }
            case UInt8(ascii: "\n"): line += 1
            default: break
            }
            position += 1
        }
        throw broken("ends inside a record")
    }

    private mutating func expect(_ character: Character) throws(BenchmarkError) {
        guard peek() == character.asciiValue else { throw broken("has no \"\(character)\" where one is due") }
        position += 1
    }

    /// The next byte that is no white space; nil at the end.
    private mutating func peek() -> UInt8? {
        skipSpace()
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            if bytes[position] == 0x0A { line += 1 }
            position += 1
        }
    }

    private func broken(_ reason: String) -> BenchmarkError {
        .record(file, line: line, field: nil, reason, remedy: RecordDecoder.layoutRemedy)
    }
}
