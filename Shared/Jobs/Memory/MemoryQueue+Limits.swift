// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Pause and limits: the twin of `control.lua` and of what `claim.lua` and `submit.lua` ask.
extension MemoryQueue {
    mutating func setControl(_ kind: JobKind, _ control: QueueControl) {
        controls[kind] = control
        unparkAll(kind)
        wokenKinds.insert(kind)
    }

    private func live(_ kind: JobKind) -> [MemoryJob] {
        open.compactMap { jobs[$0] }.filter { $0.snapshot.kind == kind }
    }

    /// How many jobs of the kind are running.
    func running(_ kind: JobKind) -> Int { live(kind).count { $0.state == .running } }

    /// How many of a tenant's slots are taken.
    func slots(_ tenancy: Tenancy) -> Int {
        live(tenancy.kind).count {
            $0.state == .running && $0.snapshot.parent == nil && $0.snapshot.tenant == tenancy.tenant
        }
    }

    /// Whether a ready job's tenant may have one more running.
    func hasSlot(_ job: MemoryJob) -> Bool {
        guard job.snapshot.parent == nil, let limit = controls[job.snapshot.kind]?.tenantMaximumRunning else {
            return true
        }
        return slots(Tenancy(kind: job.snapshot.kind, tenant: job.snapshot.tenant)) < limit
    }

    mutating func park(_ id: JobID) {
        guard let job = jobs[id] else { return }
        count(job.snapshot.kind, "parked")
        enter(id, .parked)
    }

    /// Makes up to `count` of a tenant's parked jobs ready, as far as its limit allows. Gives how many.
    @discardableResult
    mutating func unpark(_ tenancy: Tenancy, _ count: Int) -> Int {
        let limit = controls[tenancy.kind]?.tenantMaximumRunning
        let room = max(0, min(count, limit.map { $0 - slots(tenancy) } ?? count))
        let parked = live(tenancy.kind).filter { $0.state == .parked && $0.snapshot.tenant == tenancy.tenant }
            .sorted { $0.place < $1.place }.prefix(room)
        for job in parked { makeReady(job.id) }
        return parked.count
    }

    /// Makes parked jobs of all tenants ready as far as their limits allow, at most 100.
    mutating func unparkAll(_ kind: JobKind) {
        var budget = 100
        for tenant in Set(live(kind).filter { $0.state == .parked }.map(\.snapshot.tenant)).sorted() where budget > 0 {
            budget -= unpark(Tenancy(kind: kind, tenant: tenant), budget)
        }
    }

    /// Throws where `count` more jobs of a tenant do not fit into a queue.
    func checkRoom(_ kind: JobKind, tenant: String, count: Int) throws(JobError) {
        guard let control = controls[kind] else { return }
        let queued = live(kind).filter { $0.state != .running }
        let own =
            live(kind).count { $0.snapshot.parent == nil && $0.snapshot.tenant == tenant }
            - slots(Tenancy(kind: kind, tenant: tenant))
        let oldest = queued.filter { $0.state == .ready }.min { $0.place < $1.place }
        let age = oldest.map { max(0, now - $0.since) } ?? 0
        if let limit = control.maximumDepth, queued.count + count > limit {
            let pause = SubmissionCheck.pauseWhenFull(depth: queued.count, age: age)
            throw SubmissionCheck.full(ofTenant: false, retryAfter: pause)
        }
        if let limit = control.tenantMaximumDepth, own + count > limit {
            throw SubmissionCheck.full(
                ofTenant: true, retryAfter: SubmissionCheck.pauseWhenFull(depth: own, age: age))
        }
    }

    /// Whether a worker for these kinds that has this loaded should look.
    func hasWork(_ kinds: [JobKind], loaded: [String]?) -> Bool {
        kinds.contains { kind in
            let control = controls[kind] ?? QueueControl()
            guard !control.isPaused, control.maximumRunning.map({ running(kind) < $0 }) ?? true else { return false }
            return live(kind).contains { job in
                job.state == .ready && (loaded.map { left(job, by: Set($0)) == nil } ?? true)
            }
        }
    }
}
