// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What a journal says that a new server must hold, read record by record; knows no clock and no file.
struct JournalReplay: Sendable {
    /// A submission to repeat.
    struct Submission: Sendable, Hashable {
        var record: JournalRecord
        var place: JournalSegment.Place
        /// A person ended it since.
        var isCancelled = false
        /// A person had it tried again since: that it ended once says nothing.
        var isRetried = false
    }

    /// Something a person did, to be done again after the submissions.
    enum Step: Sendable, Hashable {
        case cancelJob(JobID)
        case cancelRun(RunID)
        /// Lost where the job had ended before this time, ms.
        case retry(JobID, at: Int64)
        case discard(JobID)
        case purgeJob(JobID)
        case purgeRun(RunID)
    }

    /// Records before this time are left out.
    let since: Int64
    /// Whether to take only those of which no client was told anything: the server is still the same.
    let onlyUnknown: Bool

    private var records: [(record: JournalRecord, place: JournalSegment.Place)] = []
    private var refused: Set<UInt64> = []
    private var accepted: Set<UInt64> = []

    init(since: Int64, onlyUnknown: Bool) {
        self.since = since
        self.onlyUnknown = onlyUnknown
    }

    mutating func take(_ record: JournalRecord, _ place: JournalSegment.Place) {
        switch record.action {
        case .refused: refused.formUnion(record.entries ?? [])
        case .accepted: if onlyUnknown { accepted.formUnion(record.entries ?? []) }
        case .server: break
        default: if record.time >= since { records.append((record, place)) }
        }
    }

    /// The submissions, in the order in which they came, and what to do after them.
    func plan() -> (submissions: [Submission], steps: [Step]) {
        var submissions: [String: Submission] = [:]
        var steps: [Step] = []
        for (record, place) in records where !refused.contains(record.entry) {
            let id = record.job?.rawValue ?? record.run?.rawValue ?? ""
            switch record.action {
            case .job, .run:
                // The first of several is as good as any, unless the job was forgotten between them.
                if submissions[id] == nil { submissions[id] = Submission(record: record, place: place) }
            case .cancel:
                submissions[id]?.isCancelled = true
                steps.append(record.job.map { .cancelJob($0) } ?? .cancelRun(RunID(id)))
            case .retry:
                // Whoever tries again no longer wants it cancelled, nor the run it is a stage of.
                let run = id.split(separator: ".").first.map { String($0) } ?? id
                submissions[id]?.isCancelled = false
                submissions[run]?.isCancelled = false
                submissions[id]?.isRetried = true
                submissions[run]?.isRetried = true
                steps.removeAll { $0 == .cancelJob(JobID(id)) || $0 == .cancelRun(RunID(run)) }
                steps.append(.retry(JobID(id), at: record.time))
            case .discard:
                submissions[id] = nil
                steps.append(.discard(JobID(id)))
            case .purge: steps.append(record.job.map { .purgeJob($0) } ?? .purgeRun(RunID(id)))
            case .accepted, .refused, .server: break
            }
        }
        let wanted = submissions.values.filter { !accepted.contains($0.record.entry) }
        return (wanted.sorted { $0.place < $1.place }, onlyUnknown ? [] : steps)
    }
}
