// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages
import Redis

extension RedisJobBroker {
    /// One job.
    public func job(_ id: JobID) async throws(JobError) -> JobSnapshot? {
        let record = try JobRecord(
            try await send([RedisCommand("HGETALL", keys.job(id))], "read job")[0], operation: "read job")
        return record.isEmpty ? nil : try record.snapshot(id: id)
    }

    /// Jobs, the newest first, without their results.
    public func jobs(_ filter: JobFilter) async throws(JobError) -> JobPage {
        let operation = "list jobs"
        if let cursor = filter.after, UInt64(cursor) == nil { throw SubmissionCheck.badCursor(operation) }
        let reply = try await run(
            QueueScripts.readJobs,
            [
                filter.after ?? "", String(min(1000, max(1, filter.limit))), filter.state?.rawValue ?? "",
                filter.kind?.rawValue ?? "", filter.run?.rawValue ?? "",
            ])
        guard let parts = reply.array, let next = parts.first?.string else { throw .unexpectedReply(operation) }
        var page = JobPage(jobs: [], next: next.isEmpty ? nil : next)
        for part in parts.dropFirst() {
            let record = try JobRecord(part, operation: operation)
            page.jobs.append(try record.snapshot(id: JobID(try record.required("id"))))
        }
        return page
    }

    /// A run with its stages.
    public func run(_ id: RunID) async throws(JobError) -> RunSnapshot? {
        let operation = "read run"
        let reply = try await run(QueueScripts.readRun, [id.rawValue])
        guard !reply.isNull else { return nil }
        guard let parts = reply.array, let first = parts.first else { throw .unexpectedReply(operation) }
        let record = try JobRecord(first, operation: operation)
        var stages: [JobSnapshot] = []
        for part in parts.dropFirst() {
            let stage = try JobRecord(part, operation: operation)
            stages.append(try stage.snapshot(id: JobID(try stage.required("id"))))
        }
        guard let state = RunSnapshot.State(rawValue: try record.required("state")),
            let created = record.number("created")
        else { throw .unexpectedReply(operation) }
        return RunSnapshot(
            id: id, name: try record.required("name"), tenant: try record.required("tenant"), state: state,
            created: created, finished: record.number("finished"), stages: stages)
    }

    /// Runs, the newest first.
    public func runs(limit: Int) async throws(JobError) -> [RunSnapshot] {
        let last = String(min(1000, max(1, limit)) - 1)
        let reply = try await send([RedisCommand("ZRANGE", keys.runs, "0", last, "REV")], "list runs")[0]
        guard let ids = reply.array?.compactMap(\.string) else { throw .unexpectedReply("list runs") }
        var runs: [RunSnapshot] = []
        for id in ids {
            if let snapshot = try await run(RunID(id)) { runs.append(snapshot) }
        }
        return runs
    }

    /// Depths and counters by kind.
    public func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics] {
        guard !kinds.isEmpty else { return [] }
        let reply = try await run(QueueScripts.readStatistics, kinds.map(\.rawValue))
        guard let parts = reply.array, parts.count == kinds.count else { throw .unexpectedReply("statistics") }
        var all: [QueueStatistics] = []
        for (kind, part) in zip(kinds, parts) {
            guard let values = part.array, values.count == 8, let age = values[6].integer,
                let counters = values[7].dictionary
            else { throw .unexpectedReply("statistics") }
            var depth: [JobState: Int] = [:]
            for (state, value) in zip([JobState.ready, .delayed, .running, .waiting, .parked, .dead], values) {
                depth[state] = value.integer ?? 0
            }
            all.append(
                QueueStatistics(
                    kind: kind, depth: depth, oldestReady: age < 0 ? nil : .milliseconds(age),
                    counters: counters.compactMapValues(\.integer)))
        }
        return all
    }

    /// Events after a cursor.
    public func events(
        _ scope: EventScope, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> [JobEvent] {
        if let cursor, StreamPosition(cursor) == nil { throw SubmissionCheck.badCursor("read events") }
        var (sources, arguments) = ([keys.events], [cursor ?? "", String(min(10_000, max(1, limit)))])
        switch scope {
        case .job(let id):
            sources = [keys.events(id), keys.job(id)]
            arguments.append(id.rawValue)
        case .run(let id): sources = [keys.events(id)]
        case .all: break
        }
        let deadline = ContinuousClock.now + wait
        while true {
            let reply = try await run(QueueScripts.readEvents, keys: sources, arguments)
            let page = try EventPage(reply, scope: scope)
            let left = deadline - .now
            guard page.events.isEmpty, left > .zero, !Task.isCancelled else { return page.events }
            await watcher.wait(for: scope, after: StreamTips(events: page.tip), timeout: left)
        }
    }

    func send(_ commands: [RedisCommand], _ operation: String) async throws(JobError) -> [RESPValue] {
        do {
            return try await pool.retrying(for: options.patience) { connection in
                let replies = try await connection.pipeline(commands)
                for case .error(let error) in replies { throw error }
                return replies
            }
        } catch {
            throw JobError(error, operation: operation)
        }
    }
}
