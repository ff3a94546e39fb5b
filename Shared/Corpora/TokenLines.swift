// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Synchronization
import Tokenization

/// The rows of a JSON Lines file of `{"input_ids": […], "labels": […]}`, each read again whenever it is asked for.
///
/// A row keeps 16 bytes in memory: where its line starts, and how many tokens it has. The pages read are given back in
/// stretches, so a file may be larger than memory.
final class TokenLines: Sendable {
    private struct Row: Decodable {
        var inputIDs: [TokenID]
        var labels: [TokenID]?
        var domain: CorpusDomain?
        enum CodingKeys: String, CodingKey {
            case inputIDs = "input_ids"
            case labels, domain
        }
    }

    private struct Place {
        var offset: Int
        var bytes: Int32
        var tokens: Int32
    }

    /// Of the longest line, in bytes.
    private static let longest = 1 << 30
    /// Reading a line maps what the cache has around it, up to a huge page at each end.
    private static let around = 2 << 21

    private let file: MappedFile
    private let places: [Place]
    private let limit: Int
    /// Bytes that may have been mapped since pages were given back.
    private let mapped = Mutex(0)

    /// Reads the file once, checks every line, and hands each row to `each`.
    ///
    /// - Parameter limit: every id is below it.
    init(path: String, limit: Int, each: (TokenSequence) -> Void) throws {
        let file = try MappedFile(path: path)
        var places: [Place] = []
        var unreleased = 0
        defer { file.release() }
        for line in LineScanner(file.bytes) where !line.isBlank {
            guard line.bytes.count <= Self.longest else {
                throw CorporaError(
                    .malformed, path, "line \(line.number) has \(line.bytes.count) bytes; cut rows of so many tokens")
            }
            let row = try Self.row(line, path, limit)
            each(row)
            places.append(
                Place(offset: line.offset, bytes: Int32(line.bytes.count), tokens: Int32(row.ids.count)))
            unreleased += line.bytes.count
            if unreleased > ShardWindow.limit {
                file.release()
                unreleased = 0
            }
        }
        self.file = file
        self.places = places
        self.limit = limit
    }

    var count: Int { places.count }

    func length(_ index: Int) -> Int { Int(places[index].tokens) }

    func sequence(_ index: Int) throws -> TokenSequence {
        let place = places[index]
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[place.offset..<place.offset + Int(place.bytes)])
        // The line was checked when the file was opened: its number is not kept.
        let line = LineScanner.Line(number: index + 1, offset: place.offset, bytes: bytes)
        let row = try withExtendedLifetime(file) { try Self.row(line, file.path, limit) }
        let isFull = mapped.withLock { mapped in
            mapped += bytes.count + Self.around
            guard mapped > ShardWindow.limit else { return false }
            mapped = 0
            return true
        }
        if isFull { file.release() }
        return row
    }

    private static func row(_ line: LineScanner.Line, _ path: String, _ limit: Int) throws -> TokenSequence {
        let row: Row
        do {
            row = try JSONDecoder().decode(Row.self, from: Data(line.bytes))
        } catch {
            throw CorporaError(
                .malformed, path, "line \(line.number), byte \(line.offset): \(TokenDataset.reason(error))")
        }
        let labels = row.labels ?? row.inputIDs
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
        return TokenSequence(ids: row.inputIDs, labels: labels, domain: row.domain)
    }
}
