// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Redis

/// A job's or a run's hash as Redis gives it, read field by field.
struct JobRecord {
    private let fields: [String: RESPValue]
    private let operation: String

    /// Reads a flat list of names and values.
    init(_ reply: RESPValue, operation: String) throws(JobError) {
        guard let fields = reply.dictionary else { throw .unexpectedReply(operation) }
        self.fields = fields
        self.operation = operation
    }

    /// Whether the hash is not there.
    var isEmpty: Bool { fields.isEmpty }

    func text(_ name: String) -> String? { fields[name]?.string }

    func required(_ name: String) throws(JobError) -> String {
        guard let value = text(name) else { throw .unexpectedReply(operation) }
        return value
    }

    func number(_ name: String) -> Int64? { fields[name]?.integer.map(Int64.init) }

    /// A field that holds JSON.
    func message<Value: Decodable>(_ name: String, as type: Value.Type) throws(JobError) -> Value? {
        guard let bytes = fields[name]?.bytes, !bytes.isEmpty else { return nil }
        return try Self.decode(bytes, as: type, operation: operation)
    }

    /// JSON of no particular type.
    static func parse(_ bytes: [UInt8], operation: String) throws(JobError) -> JSONValue {
        do {
            return try MessageDecoder.parse(bytes)
        } catch {
            throw JobError(.malformed, operation: operation, detail: "a record in Redis: \(error)")
        }
    }

    /// JSON as another version may have written it: unknown fields are ignored.
    static func decode<Value: Decodable>(
        _ bytes: [UInt8], as type: Value.Type, operation: String
    ) throws(JobError) -> Value {
        do {
            return try MessageDecoder(policy: .lenient).decode(type, from: MessageDecoder.parse(bytes))
        } catch {
            throw JobError(.malformed, operation: operation, detail: "a record in Redis: \(error)")
        }
    }

    /// The whole as a job.
    func snapshot(id: JobID) throws(JobError) -> JobSnapshot {
        guard let state = JobState(rawValue: try required("state")), let created = number("created") else {
            throw .unexpectedReply(operation)
        }
        return JobSnapshot(
            id: id, kind: JobKind(try required("kind")), state: state, run: text("run").map { RunID($0) },
            stage: text("stage"), parent: text("parent").map { JobID($0) }, tenant: text("tenant") ?? "default",
            priority: Int(number("prio") ?? 0), attempts: Int(number("attempts") ?? 0),
            crashes: Int(number("crashes") ?? 0), interruptions: Int(number("interruptions") ?? 0),
            cancelRequested: text("cancel") != nil, progress: try message("progress", as: JobProgress.self),
            error: try message("error", as: JobFailure.self), result: try message("result", as: JobResult.self),
            created: created, started: number("started"), finished: number("finished"))
    }
}
