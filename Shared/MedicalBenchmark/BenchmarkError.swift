// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What went wrong in reading a benchmark, asking a model or scoring its answers.
///
/// The description is one line that says what, where and how to mend it. It never quotes a record's text: benchmark
/// records may be clinical notes.
public struct BenchmarkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure a caller may tell apart.
    public enum Code: String, Sendable, Hashable {
        /// No benchmark has this id.
        case unknownTask
        /// A set's files are not there: it is not run.
        case notSupplied
        /// A restricted set may not be read by this model.
        case restrictedData
        /// The task has no prompt of this name.
        case unknownPrompt
        /// A file or folder is missing or can't be read.
        case unreadable
        /// A record of a data file breaks the publisher's layout.
        case malformedRecord
        /// A setting is out of range or contradicts another.
        case invalidSetting
        /// A model's answer can't be used: wrong count, or not a number.
        case unusableAnswer
        /// Two results that should pair are of different items or settings.
        case mismatch
    }

    public let code: Code
    /// The file, setting or task concerned; a file with its line where there is one.
    public let subject: String
    /// What is wrong with it.
    public let reason: String
    /// How to mend it.
    public let remedy: String

    public init(_ code: Code, _ subject: String, _ reason: String, remedy: String) {
        self.code = code
        self.subject = subject
        self.reason = reason
        self.remedy = remedy
    }

    public var description: String { "\(subject): \(reason); \(remedy)" }

    static func notSupplied(_ task: any BenchmarkTask, _ location: URL) -> BenchmarkError {
        BenchmarkError(
            .notSupplied, "task \"\(task.id)\"", "not run: data not supplied (\(location.path) does not exist)",
            remedy: "get \(task.name) from \(task.source)")
    }

    static func record(_ file: String, line: Int, field: String?, _ reason: String, remedy: String) -> BenchmarkError {
        let field = field.map { ", field \"\($0)\"" } ?? ""
        return BenchmarkError(.malformedRecord, "\(file), line \(line)\(field)", reason, remedy: remedy)
    }
}
