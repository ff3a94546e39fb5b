// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The last events, in order, each with a place of its own.
struct MemoryEventLog {
    /// About how many events are kept.
    private let capacity: Int

    private var events: [(position: StreamPosition, event: JobEvent)] = []
    private var last = StreamPosition(milliseconds: 0, number: 0)
    private var trimmed: StreamPosition?
    /// Up to where a job's own events are forgotten, or without progress and errors.
    private var forgotten: [JobID: StreamPosition] = [:]
    private var purged: [JobID: StreamPosition] = [:]
    /// Scopes with news since they were last taken.
    private var news: Set<EventScope> = []

    init(capacity: Int = 100_000) { self.capacity = capacity }

    /// Adds an event under a new place.
    mutating func append(_ event: JobEvent, now: Int64) {
        let milliseconds = UInt64(max(0, now))
        last =
            milliseconds > last.milliseconds
            ? StreamPosition(milliseconds: milliseconds, number: 0)
            : StreamPosition(milliseconds: last.milliseconds, number: last.number + 1)
        var event = event
        event.id = last.description
        events.append((last, event))
        news.formUnion([.all, .job(event.job)])
        if let run = event.run { news.insert(.run(run)) }
        // A tenth at once, so that trimming costs little per event.
        if events.count > capacity + capacity / 10 + 1 {
            let count = events.count - capacity
            trimmed = events[count - 1].position
            events.removeFirst(count)
        }
    }

    /// Events of a scope after a cursor; a gap first where some may have been trimmed away unread.
    func read(_ scope: EventScope, after cursor: StreamPosition?, limit: Int) -> [JobEvent] {
        let cursor = cursor ?? StreamPosition(milliseconds: 0, number: 0)
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].position > cursor { high = middle } else { low = middle + 1 }
        }
        var page: [JobEvent] = []
        for (position, event) in events[low...] where scope.contains(event) && page.count < limit {
            guard case .job(let id) = scope else {
                page.append(event)
                continue
            }
            if let end = forgotten[id], position <= end { continue }
            var event = event
            if let end = purged[id], position <= end {
                if event.kind == .progress { continue }
                event.error = nil
            }
            page.append(event)
        }
        if let trimmed, trimmed > cursor, let first = page.first {
            page.insert(
                JobEvent(id: trimmed.description, kind: .gap, job: first.job, run: first.run, stage: first.stage), at: 0
            )
        }
        return page
    }

    /// Notes that there is news of a job that is no event.
    mutating func noteNews(of job: JobID) { news.insert(.job(job)) }

    /// Forgets a job's events; the stream of all keeps what it has.
    mutating func forget(_ job: JobID) { forgotten[job] = last }

    /// Removes progress and errors of a job, for who reads its events.
    mutating func purge(_ job: JobID) { purged[job] = last }

    /// The scopes that have had events since this was last called.
    mutating func takeNews() -> Set<EventScope> {
        defer { news = [] }
        return news
    }
}

extension EventScope {
    /// Whether an event belongs to the scope.
    func contains(_ event: JobEvent) -> Bool {
        switch self {
        case .all: true
        case .job(let id): event.job == id
        case .run(let id): event.run == id
        }
    }
}
