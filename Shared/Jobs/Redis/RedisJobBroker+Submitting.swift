// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import Redis

extension RedisJobBroker {
    /// Accepts one job.
    public func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        let id = submission.id ?? JobID(FreshID.make())
        try SubmissionCheck.check(id, kinds: [submission.message.kind], operation: "submit")
        let record = submission.idempotencyKey.map {
            keys.idempotency("job", tenant: submission.tenant, key: $0)
        }
        let reply = try await run(
            QueueScripts.submit, keys: [record ?? keys.meta],
            [
                id.rawValue, submission.message.kind.rawValue, String(submission.message.version),
                try Self.json(submission.message.payload, "submit"), submission.tenant,
                String(SubmissionCheck.priority(submission.priority)), submission.parent?.rawValue ?? "",
                submission.traceparent ?? "", submission.deadline.map(String.init) ?? "",
                String(max(1, submission.maximumAttempts)), String(max(1, submission.maximumCrashes)),
                record == nil ? "" : String(options.idempotencyTimeToLive.milliseconds),
            ])
        guard let parts = reply.array, parts.count == 3, let outcome = parts[0].string, let found = parts[1].string
        else { throw .unexpectedReply("submit") }
        switch outcome {
        case "accepted", "duplicate":
            guard let state = parts[2].string.flatMap(JobState.init(rawValue:)) else {
                throw .unexpectedReply("submit")
            }
            return SubmitReceipt(id: JobID(found), state: state, isDuplicate: outcome == "duplicate")
        case "conflict": throw SubmissionCheck.conflict("submit", found)
        case "no-parent": throw SubmissionCheck.missing("submit", found)
        case "parent-ended": throw SubmissionCheck.parentEnded(found)
        default: throw .unexpectedReply("submit")
        }
    }

    /// Accepts a run.
    public func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt {
        let operation = "submit run"
        let stages = try SubmissionCheck.orderedStages(of: submission.recipe)
        let id = submission.id ?? RunID(FreshID.make())
        try SubmissionCheck.check(JobID(id.rawValue), kinds: stages.map(\.stage.kind), operation: operation)
        let record = submission.idempotencyKey.map {
            keys.idempotency("run", tenant: submission.tenant, key: $0)
        }
        var arguments = [
            id.rawValue, submission.recipe.name, submission.tenant, submission.traceparent ?? "",
            record == nil ? "" : String(options.idempotencyTimeToLive.milliseconds),
            try Self.json(submission.recipe, operation), "3", "3",
        ]
        for (name, stage) in stages {
            let priority = SubmissionCheck.priority(submission.priority + (stage.priority ?? 0))
            arguments += [
                name, stage.kind.rawValue, String(JobMessage.version), try Self.json(stage.payload, operation),
                String(priority), (stage.onFailure ?? .fail).rawValue,
                submission.recipe.parents(of: name).joined(separator: ","),
                Set(stage.payload.stageReferences.map(\.stage)).sorted().joined(separator: ","),
            ]
        }
        let reply = try await run(QueueScripts.submitRun, keys: [record ?? keys.meta], arguments)
        guard let parts = reply.array, parts.count == 2, let outcome = parts[0].string, let found = parts[1].string
        else { throw .unexpectedReply(operation) }
        guard outcome != "conflict" else { throw SubmissionCheck.conflict(operation, found) }
        return RunSubmitReceipt(id: RunID(found), isDuplicate: outcome == "duplicate")
    }

    /// A message as one line of text.
    static func json(_ value: some Encodable, _ operation: String) throws(JobError) -> String {
        do {
            return String(decoding: try MessageEncoder.encode(value), as: UTF8.self)
        } catch {
            throw JobError(.malformed, operation: operation, detail: "the message has a number that JSON can't hold")
        }
    }

    /// The same, faster.
    static func json(_ value: some Encodable & JSONRepresentable, _ operation: String) throws(JobError) -> String {
        do {
            return try MessageEncoder.text(value)
        } catch {
            throw JobError(.malformed, operation: operation, detail: "the message has a number that JSON can't hold")
        }
    }
}
