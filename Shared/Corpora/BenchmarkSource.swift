// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials

/// A benchmark whose items must not occur in training text.
public struct BenchmarkSource: Codable, Sendable, Equatable {
    /// `pubmedqa`, `medqa`, `medmcqa`, `mmlu` or `hoc`; any other task has to be JSON Lines with `question` or `text`.
    public var task: String
    /// A file or a pattern, in the publisher's layout.
    public var path: String
    /// Which items, counted from 0; nil takes all.
    public var records: Range<Int>?

    /// Names a benchmark's file.
    public init(task: String, path: String, records: Range<Int>? = nil) {
        self.task = task
        self.path = path
        self.records = records
    }

    /// Hands the texts of every item to `body`: the question, and each passage it is asked about.
    public func forEachText(_ body: (String) throws -> Void) throws {
        var count = 0
        for path in try SourceFiles.matching(path) {
            let file = try MappedFile(path: path)
            func take(_ texts: @autoclosure () throws -> [String]) throws {
                defer { count += 1 }
                guard records?.contains(count) ?? true else { return }
                for text in try texts() { try body(text) }
            }
            if task == "mmlu" {
                for row in try CommaSeparatedRows.read(file) { try take([row.first ?? ""]) }
                continue
            }
            var scanner = try RecordScanner(
                file, layout: task == "hoc" ? .tabSeparated : task == "pubmedqa" ? .members : .records)
            while let fields = try scanner.next() { try take(try texts(of: fields)) }
        }
        guard count > 0 else {
            throw CorporaError(.emptySource, "decontaminate: \(task)", "\(path) has no items; check the file")
        }
    }

    private func texts(of fields: RecordFields) throws -> [String] {
        switch task {
        case "pubmedqa": return [try fields.text("QUESTION")] + (try fields.texts("CONTEXTS"))
        case "hoc": return [try fields.text("text")]
        case "medqa", "medmcqa": return [try fields.text("question")]
        default:
            guard let text = try fields.optionalText("question") ?? fields.optionalText("text") else {
                throw fields.missing("question or text", "is missing")
            }
            return [text]
        }
    }
}
