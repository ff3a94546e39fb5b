// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Redis

/// A place in a stream of events, `<ms>-<n>`.
struct StreamPosition: Hashable, Comparable, CustomStringConvertible {
    var milliseconds: UInt64
    var number: UInt64

    init(milliseconds: UInt64, number: UInt64) {
        self.milliseconds = milliseconds
        self.number = number
    }

    /// Reads a cursor; `nil` where it is none.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = UInt64(parts[0]), let number = UInt64(parts[1]) else { return nil }
        self.init(milliseconds: milliseconds, number: number)
    }

    /// Before every entry.
    static let start = StreamPosition(milliseconds: 0, number: 0)

    var description: String { "\(milliseconds)-\(number)" }

    static func < (a: Self, b: Self) -> Bool { (a.milliseconds, a.number) < (b.milliseconds, b.number) }
}

/// What one read of a stream gave.
struct EventPage {
    /// The events, a `gap` first where some were trimmed away unread.
    var events: [JobEvent] = []
    /// The last event of all at that moment: whatever is new comes after it.
    let tip: StreamPosition

    /// Reads the script's reply.
    init(_ reply: RESPValue, scope: EventScope) throws(JobError) {
        guard let parts = reply.array, parts.count >= 2, let hasGap = parts[0].integer,
            let tip = parts[1].string.flatMap({ StreamPosition($0) })
        else { throw .unexpectedReply("read events") }
        self.tip = tip
        for part in parts.dropFirst(2) { events.append(try Self.event(part)) }
        guard hasGap == 1, let first = events.first.flatMap({ StreamPosition($0.id) }) else { return }
        // Just before what is left, so that this cursor goes on with it.
        let before =
            first.number > 0
            ? StreamPosition(milliseconds: first.milliseconds, number: first.number - 1)
            : StreamPosition(milliseconds: first.milliseconds - 1, number: .max)
        var gap = JobEvent(id: before.description, kind: .gap, job: events[0].job)
        switch scope {
        case .job(let id): gap.job = id
        case .run(let id): gap.run = id
        case .all: break
        }
        events.insert(gap, at: 0)
    }

    private static func event(_ reply: RESPValue) throws(JobError) -> JobEvent {
        guard let entry = reply.array, entry.count == 2, let id = entry[0].string else {
            throw .unexpectedReply("read events")
        }
        let record = try JobRecord(entry[1], operation: "read events")
        guard let kind = JobEvent.Kind(rawValue: try record.required("e")) else {
            throw .unexpectedReply("read events")
        }
        return JobEvent(
            id: id, kind: kind, job: JobID(try record.required("j")), run: record.text("r").map { RunID($0) },
            stage: record.text("s"), state: record.text("st").flatMap(JobState.init(rawValue:)),
            progress: try record.message("p", as: JobProgress.self),
            error: try record.message("er", as: JobFailure.self))
    }
}
