// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One record of a source: named fields, whatever layout they came in, and where they stood.
struct RecordFields {
    /// A value as far as readers look into it.
    indirect enum Value: Decodable {
        case text(String)
        case list([Value])
        case fields([String: Value])
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let list = try? container.decode([Value].self) {
                self = .list(list)
            } else if let fields = try? container.decode([String: Value].self) {
                self = .fields(fields)
            } else {
                self = .other
            }
        }
    }

    /// Counted from 0 over the whole source.
    var index: Int
    /// `line 7, byte 812`, for errors.
    var place: String
    var path: String
    var values: [String: Value]

    /// Decodes a JSON object.
    init(json bytes: UnsafeRawBufferPointer, index: Int, line: Int, offset: Int, path: String) throws {
        self.index = index
        self.path = path
        place = "line \(line), byte \(offset)"
        if let invalid = firstInvalidByte(bytes) {
            throw CorporaError(
                .invalidUTF8, path,
                "line \(line), byte \(offset + invalid) is not valid UTF-8; convert the file to UTF-8")
        }
        do {
            values = try JSONDecoder().decode([String: Value].self, from: Data(bytes))
        } catch {
            throw CorporaError(
                .malformed, path, "\(place): expected a JSON object on its own, found something else; mend this record")
        }
    }

    /// A record of named columns.
    init(columns: [String: String], index: Int, line: Int, offset: Int, path: String) {
        self.index = index
        self.path = path
        place = "line \(line), byte \(offset)"
        values = columns.mapValues { .text($0) }
    }

    /// The text of a field that must be there.
    func text(_ field: String) throws -> String {
        guard let value = values[field] else { throw missing(field, "is missing") }
        guard case .text(let text) = value else { throw missing(field, "is not a string") }
        return text
    }

    /// The text of a field, or nil when it is absent or null.
    func optionalText(_ field: String) throws -> String? {
        switch values[field] {
        case nil, .other?: return nil
        case .text(let text)?: return text
        default: throw missing(field, "is not a string")
        }
    }

    /// The strings of a field that must be there; a single string counts as a list of one.
    func texts(_ field: String) throws -> [String] {
        switch values[field] {
        case nil: throw missing(field, "is missing")
        case .text(let text)?: return [text]
        case .list(let list)?:
            return try list.map {
                guard case .text(let text) = $0 else { throw missing(field, "is not a list of strings") }
                return text
            }
        default: throw missing(field, "is not a list of strings")
        }
    }

    func missing(_ field: String, _ what: String) -> CorporaError {
        let known = values.keys.sorted().prefix(12).joined(separator: ", ")
        return CorporaError(
            .missingField, path,
            "\(place): the field \(field) \(what); the record has: \(known). Set the source's format or field")
    }
}
