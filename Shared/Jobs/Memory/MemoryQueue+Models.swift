// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Which job a worker had best do, by the models that it and others have loaded: the twin of `prefer` of `claiming.lua`.
extension MemoryQueue {
    private static let look = 32
    private static let passes = 16
    private static let patience: Int64 = 30_000
    private static let hold: Int64 = 2000
    private static let reach: Int64 = 60_000 * 1024

    /// The best ready job of these kinds; nil where there is none, or all are left to others.
    mutating func best(of kinds: Set<JobKind>, loaded: Set<String>?) -> JobID? {
        var kinds = kinds
        while let head = ready(of: kinds).min(by: { $0.place < $1.place }) {
            guard let loaded else { return head.id }
            if let id = preferred(head.snapshot.kind, loaded) { return id }
            kinds.remove(head.snapshot.kind)
        }
        return nil
    }

    /// When the first job of these kinds that is left to others will be so no longer.
    func untilTakeable(_ kinds: Set<JobKind>, by loaded: Set<String>) -> Int64? {
        kinds.flatMap { window($0) }.compactMap { left($0, by: loaded) }.min().map { now + $0 }
    }

    /// For how long yet a worker leaves a job to those that have its model; nil where it does not.
    func left(_ job: MemoryJob, by loaded: Set<String>) -> Int64? {
        guard let model = job.affinity, !loaded.contains(model), !isDue(job), models[model] ?? 0 > now else {
            return nil
        }
        let rest = job.since + Self.hold - now
        return rest > 0 ? rest : nil
    }

    private func isDue(_ job: MemoryJob) -> Bool {
        job.passed >= Self.passes || job.passedSince.map { now - $0 > Self.patience } ?? false
    }

    private func ready(of kinds: Set<JobKind>) -> [MemoryJob] {
        open.compactMap { jobs[$0] }.filter { $0.state == .ready && kinds.contains($0.snapshot.kind) }
    }

    /// The jobs of a queue that a claim looks at.
    private func window(_ kind: JobKind) -> some Sequence<MemoryJob> {
        ready(of: [kind]).sorted { $0.place < $1.place }.prefix(Self.look)
    }

    private mutating func preferred(_ kind: JobKind, _ loaded: Set<String>) -> JobID? {
        var passed: [JobID] = []
        var first: Int64?
        for job in window(kind) where left(job, by: loaded) == nil {
            first = first ?? job.place
            if job.place > (first ?? 0) + Self.reach { break }
            let isOwn = job.affinity.map { loaded.contains($0) } ?? true
            guard isOwn || isDue(job) || loaded.isEmpty else {
                passed.append(job.id)
                continue
            }
            for id in passed {
                jobs[id]?.passed += 1
                if jobs[id]?.passedSince == nil { jobs[id]?.passedSince = now }
            }
            return job.id
        }
        return passed.first
    }
}
