// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Messages
import Redis

extension RedisJobBroker {
    /// Adds parts of answers. Tried once: the caller knows when to try again.
    public func publish(_ parts: [JobPart]) async throws(JobError) -> [HeartbeatReply] {
        guard !parts.isEmpty else { return [] }
        var arguments: [String] = []
        for part in parts {
            arguments += [part.job.rawValue, part.fence.description, try Self.json(part.part, "publish")]
        }
        let reply: RESPValue
        do {
            reply = try await pool.withConnection { [keys, arguments] connection in
                try await connection.run(QueueScripts.publish, keys: [keys.meta], arguments: arguments)
            }
        } catch {
            throw JobError(error, operation: "publish")
        }
        let answers: [HeartbeatReply]? = reply.array?.map { [1: .held, 2: .cancelRequested][$0.integer] ?? .stale }
        guard let answers, answers.count == parts.count else { throw .unexpectedReply("publish") }
        return answers
    }

    /// Parts of a job's answer after a cursor.
    public func parts(
        of job: JobID, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> PartPage {
        guard let place = PartCursor(cursor) else { throw SubmissionCheck.badCursor("read parts") }
        let sources = [keys.parts(job), keys.job(job)]
        let limit = min(4096, max(1, limit))
        let arguments = [place.position?.description ?? "", String(limit)]
        let deadline = ContinuousClock.now + wait
        // Who has read all there was waits at once: to ask first would give nothing, for every part of every answer.
        if let seen = place.tips, wait > .zero {
            await watcher.wait(for: .job(job), after: seen, timeout: wait)
        }
        while true {
            var (page, tips) = try Self.page(await run(QueueScripts.readParts, keys: sources, arguments))
            let left = deadline - .now
            let isOver = page.state?.isTerminal ?? true
            guard page.parts.isEmpty, !isOver, left > .zero, !Task.isCancelled else {
                let isAll = page.parts.count < limit && !isOver
                page.next = page.parts.last.flatMap { StreamPosition($0.id) }.map {
                    PartCursor(position: $0, tips: isAll ? tips : nil).description
                }
                return page
            }
            await watcher.wait(for: .job(job), after: tips, timeout: left)
        }
    }

    /// What the script's reply holds.
    private static func page(_ reply: RESPValue) throws(JobError) -> (PartPage, StreamTips) {
        let operation = "read parts"
        guard let values = reply.array, values.count >= 3,
            let events = values[1].string.flatMap({ StreamPosition($0) }),
            let news = values[2].string.flatMap({ StreamPosition($0) })
        else { throw .unexpectedReply(operation) }
        var page = PartPage(parts: [], state: values[0].string.flatMap(JobState.init(rawValue:)))
        for value in values.dropFirst(3) {
            guard let entry = value.array, entry.count == 2, let id = entry[0].string else {
                throw .unexpectedReply(operation)
            }
            let record = try JobRecord(entry[1], operation: operation)
            guard let attempt = record.number("a"), let part = try record.message("p", as: GenerationPart.self) else {
                throw .unexpectedReply(operation)
            }
            page.parts.append(PublishedPart(id: id, attempt: Int(attempt), part: part))
        }
        return (page, StreamTips(events: events, news: news))
    }
}
