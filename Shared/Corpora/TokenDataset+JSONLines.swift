// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Tokenization

extension TokenDataset {
    private struct Row: Decodable {
        var inputIDs: [TokenID]
        var labels: [TokenID]?
        var domain: CorpusDomain?
        enum CodingKeys: String, CodingKey {
            case inputIDs = "input_ids"
            case labels, domain
        }
    }

    /// Reads a JSON Lines file, one row a line: `{"input_ids": […], "labels": […]}`; without labels, all are trained.
    /// `domain` may be beside them.
    public init(tokensFile path: String, vocabularySize: Int = 0) throws {
        let file = try MappedFile(path: path)
        let rows = try withExtendedLifetime(file) { try Self.rows(file, path, vocabularySize) }
        guard !rows.isEmpty else {
            throw CorporaError(.emptySource, path, "has no rows; write one JSON object with input_ids a line")
        }
        try self.init(rows: rows, vocabularySize: vocabularySize)
    }

    private static func rows(_ file: MappedFile, _ path: String, _ vocabularySize: Int) throws -> [TokenSequence] {
        var rows: [TokenSequence] = []
        let decoder = JSONDecoder()
        for line in LineScanner(file.bytes) where !line.isBlank {
            let row: Row
            do {
                row = try decoder.decode(Row.self, from: Data(line.bytes))
            } catch {
                throw CorporaError(.malformed, path, "line \(line.number), byte \(line.offset): \(reason(error))")
            }
            let labels = row.labels ?? row.inputIDs
            let limit = vocabularySize == 0 ? Int(Int32.max) : vocabularySize
            func isValid(_ id: TokenID) -> Bool { id >= 0 && Int(id) < limit }
            guard !row.inputIDs.isEmpty, labels.count == row.inputIDs.count else {
                throw CorporaError(
                    .malformed, path,
                    "line \(line.number): input_ids has \(row.inputIDs.count) entries and labels \(labels.count); give"
                        + " both the same length, at least 1")
            }
            guard row.inputIDs.allSatisfy(isValid),
                labels.allSatisfy({ $0 == TokenSequence.ignoredLabel || isValid($0) })
            else {
                throw CorporaError(
                    .mismatch, path, "line \(line.number): ids must be 0 or more and below \(limit), labels also −100")
            }
            rows.append(TokenSequence(ids: row.inputIDs, labels: labels, domain: row.domain))
        }
        return rows
    }
}
