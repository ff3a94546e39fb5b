// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages
import Redis

/// What a person does to queues and to ended jobs.
extension RedisJobBroker {
    /// What is set for a queue.
    public func control(_ kind: JobKind) async throws(JobError) -> QueueControl {
        let fields = ["paused", "max_depth", "max_running", "tenant_max_depth", "tenant_max_running"]
        let command = RedisCommand("HMGET", arguments: [keys.control(kind)] + fields)
        let reply = try await send([command], "read control")[0]
        guard let values = reply.array, values.count == fields.count else { throw .unexpectedReply("read control") }
        return QueueControl(
            isPaused: values[0].string == "1", maximumDepth: values[1].integer, maximumRunning: values[2].integer,
            tenantMaximumDepth: values[3].integer, tenantMaximumRunning: values[4].integer)
    }

    /// Sets pause and limits of a queue.
    public func setControl(_ kind: JobKind, _ control: QueueControl) async throws(JobError) {
        try SubmissionCheck.check(control, of: kind)
        func text(_ limit: Int?) -> String { limit.map(String.init) ?? "" }
        try await setControl(
            kind,
            [
                "paused", control.isPaused ? "1" : "", "max_depth", text(control.maximumDepth), "max_running",
                text(control.maximumRunning), "tenant_max_depth", text(control.tenantMaximumDepth),
                "tenant_max_running", text(control.tenantMaximumRunning),
            ])
    }

    /// Ends the claiming from a queue.
    public func pause(_ kind: JobKind) async throws(JobError) {
        try SubmissionCheck.check(QueueControl(), of: kind)
        try await setControl(kind, ["paused", "1"])
    }

    /// Lets a queue be claimed from again.
    public func resume(_ kind: JobKind) async throws(JobError) {
        try SubmissionCheck.check(QueueControl(), of: kind)
        try await setControl(kind, ["paused", ""])
    }

    private func setControl(_ kind: JobKind, _ fields: [String]) async throws(JobError) {
        let reply = try await run(QueueScripts.control, [kind.rawValue] + fields)
        guard reply.string == "ok" else { throw .unexpectedReply("set control") }
    }

    /// Forgets an ended job with what it asked for.
    @discardableResult
    public func discard(_ job: JobID) async throws(JobError) -> JobState {
        while true {
            let reply = try await run(QueueScripts.discard, [job.rawValue])
            guard let parts = reply.array else { throw SubmissionCheck.missing("discard", job.rawValue) }
            guard parts.count == 2, let text = parts[1].string, let state = JobState(rawValue: text) else {
                throw .unexpectedReply("discard")
            }
            switch parts[0].string {
            case "ok": return state
            case "more": continue
            case "stage": throw SubmissionCheck.isStage("discard", job)
            case "parent-open": throw SubmissionCheck.isNeeded("discard", job.rawValue)
            default: throw SubmissionCheck.notEnded("discard", job.rawValue, text)
            }
        }
    }

    /// Removes the texts of an ended job and of what it asked for.
    public func purge(_ job: JobID) async throws(JobError) {
        let answer = try await purge([job], areChildren: false)[0]
        guard answer.outcome != "gone" else { throw SubmissionCheck.missing("purge", job.rawValue) }
        try await finishPurge([(job, answer)])
    }

    /// The same for every stage of an ended run.
    public func purge(_ run: RunID) async throws(JobError) {
        let reply = try await send([RedisCommand("HMGET", keys.run(run), "state", "stages")], "purge")[0]
        guard let parts = reply.array, parts.count == 2 else { throw .unexpectedReply("purge") }
        guard let state = parts[0].string, let stages = parts[1].string else {
            throw SubmissionCheck.missing("purge", run.rawValue)
        }
        guard state != RunSnapshot.State.running.rawValue else {
            throw SubmissionCheck.notEnded("purge", run.rawValue, state)
        }
        let ids = stages.split(separator: ",").map { JobID("\(run).\($0)") }
        var answers: [(JobID, PurgeAnswer)] = []
        for start in stride(from: 0, to: ids.count, by: 100) {
            let slice = Array(ids[start..<min(start + 100, ids.count)])
            answers += zip(slice, try await purge(slice, areChildren: false))
        }
        try await finishPurge(answers)
    }

    private typealias PurgeAnswer = (outcome: String, state: String, hasChildren: Bool)

    private func purge(_ jobs: [JobID], areChildren: Bool) async throws(JobError) -> [PurgeAnswer] {
        let reply = try await run(QueueScripts.purge, [areChildren ? "1" : ""] + jobs.map(\.rawValue))
        guard let parts = reply.array, parts.count == jobs.count else { throw .unexpectedReply("purge") }
        var answers: [PurgeAnswer] = []
        for part in parts {
            guard let values = part.array, values.count == 3, let outcome = values[0].string,
                let state = values[1].string
            else { throw .unexpectedReply("purge") }
            answers.append((outcome, state, values[2].integer == 1))
        }
        return answers
    }

    /// Goes on to the children, 100 a call; then tells of what could not be purged.
    private func finishPurge(_ first: [(JobID, PurgeAnswer)]) async throws(JobError) {
        var pending = first
        var refusal: JobError?
        while let (job, answer) = pending.popLast() {
            switch answer.outcome {
            case "open": refusal = refusal ?? SubmissionCheck.notEnded("purge", job.rawValue, answer.state)
            case "needed": refusal = refusal ?? SubmissionCheck.isNeeded("purge", job.rawValue)
            default: break
            }
            guard answer.hasChildren else { continue }
            let reply = try await send([RedisCommand("SMEMBERS", keys.children(job))], "purge")[0]
            guard let children = reply.array?.compactMap(\.string).map({ JobID($0) }) else {
                throw .unexpectedReply("purge")
            }
            for start in stride(from: 0, to: children.count, by: 100) {
                let slice = Array(children[start..<min(start + 100, children.count)])
                pending += zip(slice, try await purge(slice, areChildren: true))
            }
        }
        if let refusal { throw refusal }
    }

    /// Purges jobs that ended before a time.
    public func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int {
        var purged = 0
        while purged < limit {
            let slice = min(100, limit - purged)
            let reply = try await run(QueueScripts.purgeEnded, [String(before), String(slice)])
            guard let parts = reply.array, parts.count == 2, let count = parts[0].integer else {
                throw .unexpectedReply("purge")
            }
            purged += count
            if parts[1].integer != 1 { break }
        }
        return purged
    }

    /// Audits a slice.
    public func check(repair: Bool, cursor: String?, limit: Int) async throws(JobError) -> QueueAudit {
        if let cursor, !["j:", "i:", "r:"].contains(cursor.prefix(2)) { throw SubmissionCheck.badCursor("check") }
        let reply = try await run(
            QueueScripts.check, [repair ? "1" : "0", cursor ?? "", String(min(100, max(1, limit)))])
        guard let parts = reply.array, parts.count >= 3, let next = parts[0].string, let seen = parts[1].integer,
            let repaired = parts[2].integer
        else { throw .unexpectedReply("check") }
        var audit = QueueAudit(
            cursor: next.isEmpty ? nil : next, jobsSeen: seen, findings: [], repaired: repaired)
        for part in parts.dropFirst(3) {
            guard let pair = part.array, pair.count == 2, let id = pair[0].string,
                let problem = pair[1].string.flatMap(QueueAudit.Finding.Problem.init(rawValue:))
            else { throw .unexpectedReply("check") }
            audit.findings.append(.init(job: JobID(id), problem: problem))
        }
        return audit
    }
}
