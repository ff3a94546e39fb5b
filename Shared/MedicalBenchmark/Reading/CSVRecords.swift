// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads comma-separated records (RFC 4180): quoted fields may hold commas, doubled quotes and line breaks.
struct CSVRecords {
    struct Record {
        /// Where the record starts, counted from 1.
        let line: Int
        let fields: [String]
    }

    static func read(_ bytes: [UInt8], file: String) throws(BenchmarkError) -> [Record] {
        var reader = CSVRecords(bytes: bytes, file: file)
        var records: [Record] = []
        while reader.position < bytes.count {
            let start = reader.line
            let fields = try reader.record()
            if fields != [""] { records.append(Record(line: start, fields: fields)) }
        }
        return records
    }

    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func record() throws(BenchmarkError) -> [String] {
        var fields: [String] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else { return fields }
            let separator = bytes[position]
            position += 1
            if separator == UInt8(ascii: ",") { continue }
            if separator == UInt8(ascii: "\r"), position < bytes.count, bytes[position] == UInt8(ascii: "\n") {
                position += 1
            }
            line += 1
            return fields
        }
    }

    private mutating func field() throws(BenchmarkError) -> String {
        let startLine = line
        var content: [UInt8] = []
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            try quoted(into: &content)
            guard position == bytes.count || Self.ends.contains(bytes[position]) else {
                throw .record(
                    file, line: line, field: nil, "has text after a closing quote",
                    remedy: "double the quotes inside quoted fields")
            }
        } else {
            while position < bytes.count, !Self.ends.contains(bytes[position]) {
                content.append(bytes[position])
                position += 1
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw .record(file, line: startLine, field: nil, "is no valid UTF-8", remedy: RecordDecoder.layoutRemedy)
        }
        return text
    }

    private mutating func quoted(into content: inout [UInt8]) throws(BenchmarkError) {
        let startLine = line
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return }
                position += 1
            } else if byte == UInt8(ascii: "\n") {
                line += 1
            }
            content.append(byte)
        }
        throw .record(
            file, line: startLine, field: nil, "opens a quote that never closes", remedy: RecordDecoder.layoutRemedy)
    }

    private static let ends: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
}
