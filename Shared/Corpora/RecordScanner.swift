// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// The records of a file that has fields, one at a time.
struct RecordScanner {
    /// How records follow each other.
    enum Layout {
        /// A JSON array of objects, or JSON Lines; the first character tells.
        case records
        /// A JSON object whose members are the records, in the order written.
        case members
        /// Tab-separated columns under a header, without quoting.
        case tabSeparated
    }

    private enum Source {
        case json(JSONRecordScanner)
        case lines(LineScanner)
        case columns(LineScanner, names: [String])
    }

    private let file: MappedFile
    private var source: Source
    private var index = 0

    init(_ file: MappedFile, layout: Layout) throws {
        self.file = file
        let start = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let first = file.bytes[start...].first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        switch layout {
        case .records where first == UInt8(ascii: "["), .members:
            source = .json(try JSONRecordScanner(file.bytes, path: file.path))
        case .records:
            source = .lines(LineScanner(file.bytes))
        case .tabSeparated:
            var lines = LineScanner(file.bytes)
            guard let header = lines.next() else {
                throw CorporaError(.malformed, file.path, "is empty; expected a header line of tab-separated names")
            }
            source = .columns(lines, names: try Self.columns(header, file.path))
        }
    }

    mutating func next() throws -> RecordFields? {
        switch source {
        case .json(var scanner):
            let record = try scanner.next()
            source = .json(scanner)
            guard let record else { return nil }
            return try RecordFields(
                json: record.bytes, index: record.index, line: record.line, offset: record.offset, path: file.path)
        case .lines(var lines):
            let line = Self.nextLine(&lines)
            source = .lines(lines)
            guard let line else { return nil }
            defer { index += 1 }
            return try RecordFields(
                json: line.bytes, index: index, line: line.number, offset: line.offset, path: file.path)
        case .columns(var lines, let names):
            let line = Self.nextLine(&lines)
            source = .columns(lines, names: names)
            guard let line else { return nil }
            let values = try Self.columns(line, file.path)
            guard values.count == names.count else {
                throw CorporaError(
                    .malformed, file.path,
                    "line \(line.number), byte \(line.offset): has \(values.count) tab-separated columns, the header"
                        + " \(names.count); mend this line")
            }
            defer { index += 1 }
            return RecordFields(
                columns: Dictionary(zip(names, values)) { first, _ in first }, index: index, line: line.number,
                offset: line.offset, path: file.path)
        }
    }

    private static func nextLine(_ lines: inout LineScanner) -> LineScanner.Line? {
        while let line = lines.next() { if !line.isBlank { return line } }
        return nil
    }

    private static func columns(_ line: LineScanner.Line, _ path: String) throws -> [String] {
        if let invalid = firstInvalidByte(line.bytes) {
            throw CorporaError(
                .invalidUTF8, path,
                "line \(line.number), byte \(line.offset + invalid) is not valid UTF-8; convert the file to UTF-8")
        }
        return line.bytes.split(separator: 0x09, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
