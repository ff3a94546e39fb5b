// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import Redis

extension RedisJobBroker {
    /// Accepts one job.
    public func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        guard let result = try await submit([submission]).first else { throw .unexpectedReply("submit") }
        return try result.get()
    }

    /// Accepts jobs in one call.
    public func submit(
        _ submissions: [JobSubmission]
    ) async throws(JobError) -> [Result<SubmitReceipt, JobError>] {
        guard submissions.count <= SubmissionCheck.maximumBulk else {
            throw SubmissionCheck.tooMany(submissions.count)
        }
        var results: [Result<SubmitReceipt, JobError>?] = []
        var records: [String] = []
        var arguments = [String(options.idempotencyTimeToLive.milliseconds)]
        for submission in submissions {
            do throws(JobError) {
                arguments += try Self.arguments(of: submission)
                records.append(
                    submission.idempotencyKey.map { keys.idempotency("job", tenant: submission.tenant, key: $0) }
                        ?? keys.meta)
                results.append(nil)
            } catch {
                // Refused here; the others go on.
                results.append(.failure(error))
            }
        }
        var answers = ArraySlice<RESPValue>()
        if !records.isEmpty {
            let reply = try await run(QueueScripts.submit, keys: records, arguments)
            guard let parts = reply.array, parts.count == records.count else { throw .unexpectedReply("submit") }
            answers = parts[...]
        }
        var all: [Result<SubmitReceipt, JobError>] = []
        for result in results {
            if let result {
                all.append(result)
            } else if let answer = answers.popFirst() {
                all.append(Result { () throws(JobError) in try Self.receipt(answer) })
            }
        }
        return all
    }

    /// What the script takes of one job.
    private static func arguments(of submission: JobSubmission) throws(JobError) -> [String] {
        let id = submission.id ?? JobID(FreshID.make())
        try SubmissionCheck.check(id, kinds: [submission.message.kind], operation: "submit")
        return [
            id.rawValue, submission.message.kind.rawValue, String(submission.message.version),
            try json(submission.message.payload, "submit"), submission.tenant,
            String(SubmissionCheck.priority(submission.priority)), submission.parent?.rawValue ?? "",
            submission.traceparent ?? "", submission.deadline.map(String.init) ?? "",
            submission.notBefore.map(String.init) ?? "", String(max(1, submission.maximumAttempts)),
            String(max(1, submission.maximumCrashes)), submission.message.affinity ?? "",
        ]
    }

    /// What the script answers about one job.
    private static func receipt(_ reply: RESPValue) throws(JobError) -> SubmitReceipt {
        guard let parts = reply.array, parts.count >= 3, let outcome = parts[0].string, let found = parts[1].string
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
        case "full": throw full(parts)
        default: throw .unexpectedReply("submit")
        }
    }

    private static func full(_ parts: [RESPValue]) -> JobError {
        let pause = Duration.milliseconds(parts.count > 3 ? parts[3].integer ?? 1000 : 1000)
        return SubmissionCheck.full(ofTenant: parts[2].string == "tenant", retryAfter: pause)
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
            try Self.json(submission.recipe, operation), "3", "3", submission.deadline.map(String.init) ?? "",
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
        guard let parts = reply.array, parts.count >= 2, let outcome = parts[0].string, let found = parts[1].string
        else { throw .unexpectedReply(operation) }
        guard outcome != "full" else { throw Self.full(parts) }
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
