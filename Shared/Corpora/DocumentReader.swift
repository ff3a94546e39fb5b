// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Tokenization

/// The offset of the first byte that is not UTF-8, or nil.
func firstInvalidByte(_ bytes: UnsafeRawBufferPointer) -> Int? { UTF8Validation.firstInvalidByte(bytes) }

/// Reads the documents of a source one after another; files are mapped, not loaded.
public struct DocumentReader: Sendable {
    /// One text of a source, as its publisher wrote it.
    public struct Document: Sendable {
        /// The text; valid UTF-8, possibly empty.
        public var text: String
        /// Which record of the source it is, counted from 0 in file order.
        public var record: Int
    }

    /// What is read.
    public let source: DocumentSource

    /// A reader of this source.
    public init(_ source: DocumentSource) { self.source = source }

    /// Hands every document to `body` in file order.
    ///
    /// Throws with file, line and byte where a file is not UTF-8, not the format, or lacks the field; and `emptySource`
    /// if there is no document at all.
    public func forEach(_ body: (Document) throws -> Void) throws {
        var record = 0
        var count = 0
        var largest = 0
        for path in try SourceFiles.matching(source.path) {
            if let end = source.records?.upperBound, record >= end { break }
            let file = try MappedFile(path: path)
            try withExtendedLifetime(file) {
                try read(file, from: &record) { text, record in
                    largest = record + 1
                    if let wanted = source.records, !wanted.contains(record) {
                        return record < wanted.upperBound
                    }
                    count += 1
                    try body(Document(text: text, record: record))
                    return true
                }
            }
        }
        guard count > 0 else {
            let range = source.records.map { "\($0.lowerBound)..<\($0.upperBound)" } ?? "all"
            throw CorporaError(
                .emptySource, "source \(source.name)",
                "has no documents: \(largest) records were read from \(source.path), records \(range) were wanted")
        }
    }

    /// Reads one file; `body` returns false to stop.
    private func read(_ file: MappedFile, from record: inout Int, _ body: (String, Int) throws -> Bool) throws {
        func take(_ text: String) throws -> Bool {
            defer { record += 1 }
            return try body(text, record)
        }
        switch source.format {
        case .text:
            let start = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start...])
            _ = try take(try text(bytes, line: 1, offset: start, file.path))
        case .lines:
            for line in LineScanner(file.bytes) where !line.isBlank {
                guard try take(try text(line.bytes, line: line.number, offset: line.offset, file.path)) else { return }
            }
        case .paragraphs:
            for block in ParagraphScanner(file.bytes) {
                guard try take(try text(block.bytes, line: block.number, offset: block.offset, file.path)) else {
                    return
                }
            }
        case .jsonl, .hoc, .alpaca, .wikidoc, .pubmedqa:
            let layout: RecordScanner.Layout =
                source.format == .hoc ? .tabSeparated : source.format == .pubmedqa ? .members : .records
            var scanner = try RecordScanner(file, layout: layout)
            while let fields = try scanner.next() {
                guard try take(try text(of: fields)) else { return }
            }
        }
    }

    private func text(of fields: RecordFields) throws -> String {
        switch source.format {
        case .pubmedqa: try fields.texts(source.field ?? "CONTEXTS").joined(separator: "\n")
        case .alpaca, .wikidoc: try fields.text(source.field ?? "output")
        default: try fields.text(source.field ?? "text")
        }
    }

    private func text(_ bytes: UnsafeRawBufferPointer, line: Int, offset: Int, _ path: String) throws -> String {
        if let invalid = firstInvalidByte(bytes) {
            let lines = bytes[..<invalid].reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
            throw CorporaError(
                .invalidUTF8, path,
                "line \(line + lines), byte \(offset + invalid) is not valid UTF-8; convert the file to UTF-8")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
