// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Decodes one JSON record and says which field is wrong, without quoting what stands in it.
enum RecordDecoder {
    static func decode<Record: Decodable>(
        _ type: Record.Type = Record.self, from bytes: some Collection<UInt8>, file: String, line: Int
    ) throws(BenchmarkError) -> Record {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw describe(error, file: file, line: line)
        } catch {
            throw .record(file, line: line, field: nil, "is no valid JSON", remedy: layoutRemedy)
        }
    }

    static let layoutRemedy = "give the file as its publisher wrote it"

    private static func describe(_ error: DecodingError, file: String, line: Int) -> BenchmarkError {
        switch error {
        case .keyNotFound(let key, _):
            return .record(file, line: line, field: key.stringValue, "is missing", remedy: layoutRemedy)
        case .valueNotFound(_, let context):
            return .record(file, line: line, field: field(context), "is null", remedy: layoutRemedy)
        case .typeMismatch(let type, let context):
            return .record(
                file, line: line, field: field(context), "has the wrong type, expected \(type)", remedy: layoutRemedy)
        case .dataCorrupted(let context):
            return .record(file, line: line, field: field(context), "is no valid JSON", remedy: layoutRemedy)
        @unknown default:
            return .record(file, line: line, field: nil, "can't be decoded", remedy: layoutRemedy)
        }
    }

    /// The first name of the path is a field of ours; deeper ones may be data.
    private static func field(_ context: DecodingError.Context) -> String? { context.codingPath.first?.stringValue }
}
