// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// A job in memory: what is shown of it, and what decides about it.
struct MemoryJob {
    /// What is shown.
    var snapshot: JobSnapshot
    /// Its payload is null once its time is over.
    var message: JobMessage
    /// A hash of the message as it was, to tell the same body from another when the payload is gone.
    let body: Int
    let traceparent: String?
    var deadline: Int64?
    let maximumAttempts: Int
    let maximumCrashes: Int
    /// When it was accepted, unique and growing.
    let order: Int64
    /// Its place among the ready: the order less a head start for its priority.
    let place: Int64
    /// What happens when a stage before it ends without success.
    var onFailure: RecipeStage.OnFailure = .fail
    /// Stages before it, and those of them whose output it names.
    var parents: [String] = []
    var references: Set<String> = []
    /// Stages that must still end.
    var openParents: Set<JobID> = []
    var dependents: Set<JobID> = []
    var children: Set<JobID> = []
    /// The attempt that holds it, and the last one that ended by a call.
    var fence: UInt64 = 0
    var done: UInt64?
    /// When the lease ends, when a delay ends.
    var leaseEnd: Int64 = 0
    var due: Int64 = 0
    /// Since when it can be claimed.
    var since: Int64 = 0
    /// The state it was last put into.
    var entered: JobState?
    /// Parts of its answer, and until when they are kept.
    var parts: [PublishedPart] = []
    var partsUntil: Int64 = 0
    /// How often, and since when, jobs of loaded models were claimed before it.
    var passed = 0
    var passedSince: Int64?
    /// Since when payload and result are kept for nobody but readers and retries; nil once they are gone.
    var textSince: Int64?

    var id: JobID { snapshot.id }
    var state: JobState { snapshot.state }

    /// The number of the attempt that holds it, or of the next.
    var attempt: Int { snapshot.attempts + snapshot.crashes + snapshot.interruptions + 1 }
    /// The model it asks; not of a stage, whose model may not be known yet.
    let affinity: String?

    /// The attempt as a worker gets it, claimed at `now`.
    func envelope(at now: Int64) -> JobEnvelope {
        JobEnvelope(
            id: id, run: snapshot.run, stage: snapshot.stage, parent: snapshot.parent, tenant: snapshot.tenant,
            priority: snapshot.priority, attempt: attempt,
            errors: snapshot.attempts, fence: Fence(fence), traceparent: traceparent, deadline: deadline,
            waited: max(0, now - since),
            message: message)
    }

    /// Whether a parent's end without success is the end of this stage too.
    func needs(_ stage: String) -> Bool { onFailure == .fail || references.contains(stage) }
}

/// A run in memory.
struct MemoryRun {
    let id: RunID
    let recipe: Recipe
    let tenant: String
    let stages: [JobID]
    let created: Int64
    var state: RunSnapshot.State = .running
    var finished: Int64?
    var isCancelRequested = false
}
