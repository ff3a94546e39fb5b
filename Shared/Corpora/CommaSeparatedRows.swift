// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// Comma-separated values as RFC 4180 defines them: quoted fields may hold commas, line breaks and doubled quotes.
enum CommaSeparatedRows {
    /// The rows of a file; blank lines are skipped.
    static func read(_ file: MappedFile) throws -> [[String]] {
        if let invalid = firstInvalidByte(file.bytes) {
            throw CorporaError(.invalidUTF8, file.path, "byte \(invalid) is not valid UTF-8; convert the file to UTF-8")
        }
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var index = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        func endField() {
            row.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
        }
        func endRow() {
            endField()
            if row != [""] { rows.append(row) }
            row = []
        }
        while index < file.bytes.count {
            let byte = file.bytes[index]
            index += 1
            if isQuoted {
                guard byte == UInt8(ascii: "\"") else {
                    field.append(byte)
                    continue
                }
                if index < file.bytes.count, file.bytes[index] == byte {
                    field.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
            } else if byte == UInt8(ascii: "\""), field.isEmpty {
                isQuoted = true
            } else if byte == UInt8(ascii: ",") {
                endField()
            } else if byte == 0x0A {
                if field.last == 0x0D { field.removeLast() }
                endRow()
            } else {
                field.append(byte)
            }
        }
        guard !isQuoted else {
            throw CorporaError(.malformed, file.path, "ends inside a quoted field; it was cut short")
        }
        if !field.isEmpty || !row.isEmpty { endRow() }
        return rows
    }
}
