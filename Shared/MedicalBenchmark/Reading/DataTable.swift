// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Records with named columns: a CSV or TSV file whose first record is its header.
struct DataTable {
    struct Row {
        /// Counted from 1.
        let line: Int
        /// Counted from 0, the header left out.
        let number: Int
        fileprivate let fields: [String]
        fileprivate let columns: [String: Int]

        /// The field of a column that the table was checked to have; nil where the file has no such column.
        subscript(column: String) -> String? { columns[column].map { fields[$0] } }
    }

    let columns: [String]
    let rows: [Row]

    enum Format {
        /// RFC 4180: commas, quotes.
        case csv
        /// Tabs, and nothing has a meaning but tab and line feed.
        case tsv
    }

    /// Throws where a column is missing, or a record has another number of fields than the header.
    init(_ file: DataFile, _ format: Format, columns required: [String]) throws(BenchmarkError) {
        let records = try Self.records(file, format)
        guard let header = records.first else {
            throw BenchmarkError(.malformedRecord, file.path, "is empty", remedy: RecordDecoder.layoutRemedy)
        }
        columns = header.fields
        var places: [String: Int] = [:]
        for (index, name) in columns.enumerated() where places[name] == nil { places[name] = index }
        for name in required where places[name] == nil {
            throw .record(
                file.path, line: header.line, field: name, "is no column of the header",
                remedy: RecordDecoder.layoutRemedy)
        }
        var rows: [Row] = []
        for record in records.dropFirst() {
            guard record.fields.count == columns.count else {
                throw .record(
                    file.path, line: record.line, field: nil,
                    "has \(record.fields.count) fields, its header \(columns.count)",
                    remedy: RecordDecoder.layoutRemedy)
            }
            rows.append(Row(line: record.line, number: rows.count, fields: record.fields, columns: places))
        }
        self.rows = rows
    }

    /// The records of a file, in either format, without a header.
    static func records(_ file: DataFile, _ format: Format) throws(BenchmarkError) -> [CSVRecords.Record] {
        if format == .csv { return try CSVRecords.read(file.bytes, file: file.path) }
        var records: [CSVRecords.Record] = []
        for line in JSONLines.lines(of: file.bytes) {
            let bytes = line.bytes.last == UInt8(ascii: "\r") ? line.bytes.dropLast() : line.bytes
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .record(
                    file.path, line: line.number, field: nil, "is no valid UTF-8", remedy: RecordDecoder.layoutRemedy)
            }
            let fields = text.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            records.append(CSVRecords.Record(line: line.number, fields: fields))
        }
        return records
    }
}
