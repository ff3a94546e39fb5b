// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

extension MemoryQueue {
    /// The twin of `submit.lua`.
    mutating func submit(_ submission: JobSubmission, id: JobID) throws(JobError) -> SubmitReceipt {
        let key = submission.idempotencyKey.map { "job \(submission.tenant.utf8.count) \(submission.tenant) \($0)" }
        let found = key.flatMap { idempotency[$0] }.map { JobID($0) } ?? id
        if let known = jobs[found] {
            guard known.body == submission.message.hashValue, known.snapshot.parent == submission.parent else {
                throw SubmissionCheck.conflict("submit", found.rawValue)
            }
            return SubmitReceipt(id: found, state: known.state, isDuplicate: true)
        }
        var priority = SubmissionCheck.priority(submission.priority)
        if let parent = submission.parent {
            guard let job = jobs[parent] else { throw SubmissionCheck.missing("submit", parent.rawValue) }
            guard !job.state.isTerminal, !job.snapshot.cancelRequested else {
                throw SubmissionCheck.parentEnded(parent.rawValue)
            }
            priority = job.snapshot.priority
            jobs[parent]?.children.insert(id)
        } else {
            // What a job asks for is let in: its parent holds a place already, and would wait for ever.
            try checkRoom(submission.message.kind, tenant: submission.tenant, count: 1)
        }
        let snapshot = JobSnapshot(
            id: id, kind: submission.message.kind, state: .waiting, parent: submission.parent,
            tenant: submission.tenant, priority: priority, created: now)
        create(
            snapshot, message: submission.message, traceparent: submission.traceparent, deadline: submission.deadline,
            maximumAttempts: max(1, submission.maximumAttempts), maximumCrashes: max(1, submission.maximumCrashes))
        if let key { idempotency[key] = id.rawValue }
        makeReady(id, due: submission.notBefore)
        return SubmitReceipt(id: id, state: jobs[id]?.state ?? .ready, isDuplicate: false)
    }

    /// The twin of `submit_run.lua`.
    mutating func submit(_ submission: RunSubmission, id: RunID) throws(JobError) -> RunSubmitReceipt {
        let stages = try SubmissionCheck.orderedStages(of: submission.recipe)
        let key = submission.idempotencyKey.map { "run \(submission.tenant.utf8.count) \(submission.tenant) \($0)" }
        let found = key.flatMap { idempotency[$0] }.map { RunID($0) } ?? id
        if let known = runs[found] {
            guard known.recipe == submission.recipe else {
                throw SubmissionCheck.conflict("submit run", found.rawValue)
            }
            return RunSubmitReceipt(id: found, isDuplicate: true)
        }
        for (kind, count) in Dictionary(stages.map { ($0.stage.kind, 1) }, uniquingKeysWith: +) {
            try checkRoom(kind, tenant: submission.tenant, count: count)
        }
        func jobID(_ stage: String) -> JobID { JobID("\(id).\(stage)") }
        runs[id] = MemoryRun(
            id: id, recipe: submission.recipe, tenant: submission.tenant, stages: stages.map { jobID($0.name) },
            created: now)
        runOrder.append(id)
        if let key { idempotency[key] = id.rawValue }
        for (name, stage) in stages {
            let snapshot = JobSnapshot(
                id: jobID(name), kind: stage.kind, state: .waiting, run: id, stage: name, tenant: submission.tenant,
                priority: SubmissionCheck.priority(submission.priority + (stage.priority ?? 0)), created: now)
            create(
                snapshot, message: JobMessage(kind: stage.kind, payload: stage.payload),
                traceparent: submission.traceparent, deadline: submission.deadline, maximumAttempts: 3,
                maximumCrashes: 3)
            let parents = submission.recipe.parents(of: name)
            jobs[jobID(name)]?.onFailure = stage.onFailure ?? .fail
            jobs[jobID(name)]?.parents = parents
            jobs[jobID(name)]?.references = Set(stage.payload.stageReferences.map(\.stage))
            jobs[jobID(name)]?.openParents = Set(parents.map(jobID))
            for parent in parents { jobs[jobID(parent)]?.dependents.insert(jobID(name)) }
            if parents.isEmpty {
                makeReady(jobID(name))
            } else {
                enter(jobID(name), .waiting)
            }
        }
        return RunSubmitReceipt(id: id, isDuplicate: false)
    }

    private mutating func create(
        _ snapshot: JobSnapshot, message: JobMessage, traceparent: String?, deadline: Int64?, maximumAttempts: Int,
        maximumCrashes: Int
    ) {
        let order = nextOrder()
        jobs[snapshot.id] = MemoryJob(
            snapshot: snapshot, message: message, body: message.hashValue, traceparent: traceparent, deadline: deadline,
            maximumAttempts: maximumAttempts, maximumCrashes: maximumCrashes, order: order,
            place: order - Int64(snapshot.priority) * 60_000 * 1024,
            affinity: snapshot.run == nil ? message.affinity : nil)
        open.insert(snapshot.id)
        count(snapshot.kind, "submitted")
    }
}
