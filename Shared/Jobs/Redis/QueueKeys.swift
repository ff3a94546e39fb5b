// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Every key of the queue in Redis. All share the hash tag `{namespace}`, so that a script's keys are in one slot.
///
/// `state` in a job's hash is the truth; every set of job ids is an index that follows it.
struct QueueKeys: Sendable, Hashable {
    /// `mq:{namespace}:`, what every key starts with.
    let prefix: String

    init(namespace: String) { prefix = "mq:{\(namespace)}:" }

    // Of the deployment

    /// Hash: `schema`, `redis_run_id`, `grace_until_ms`, `ttl_ms`, `child_ttl_ms`, `text_ttl_ms`, and of `reap`: `last_ms`
    /// (the server's time when it last ran), `walk` (how far it has looked at the jobs), `rebase` (the clock was set
    /// back). The first key of every script.
    var meta: String { prefix + "meta" }
    /// String: the last fence given out, in microseconds.
    var fence: String { prefix + "fence" }
    /// String: the last place given out, in 1/1024 ms.
    var order: String { prefix + "order" }
    /// Sorted set of all job ids by place.
    var jobs: String { prefix + "jobs" }
    /// Sorted set of all run ids by place.
    var runs: String { prefix + "runs" }
    /// Set of the kinds that were ever submitted.
    var kinds: String { prefix + "kinds" }
    /// Sorted set of job ids by deadline in ms.
    var deadlines: String { prefix + "deadlines" }
    /// Set of ended jobs whose children are still to be cancelled.
    var ending: String { prefix + "ending" }
    /// Sorted set of ended jobs that keep payload and result no longer than readers may want them, by the time of the end
    /// (of a stage: its run's), ms.
    var texts: String { prefix + "texts" }
    /// The same for those that keep them for a retry.
    var letters: String { prefix + "letters" }
    /// Stream of all events, about the last 100,000: `e j [r s] [st] [er] [p]`.
    var events: String { prefix + "ev" }

    /// Sorted set of the models that workers have loaded (`JobMessage.affinity`), by when they are forgotten unless one asks
    /// for jobs again, ms.
    var models: String { prefix + "models" }
    /// List with a time to live, of one token: a job waits for a worker that has this model, and others leave it alone.
    func call(_ affinity: String) -> String { prefix + "call:\(affinity)" }

    /// Stream of who has had parts, about the last 1,000: `j`. It holds no text.
    var news: String { prefix + "news" }

    // Of a job

    /// Hash: `state kind version payload tenant prio run stage parent traceparent deadline on_failure after refs attempts
    /// crashes interruptions max_attempts max_crashes fence done owner score order sha cancel progress error result
    /// created since started finished log kids ev affinity passed passed_since`. What has its usual value is left out.
    ///
    /// `since` is when it can be or could be claimed, `log` its events but for progress (`<event id> <state or kind>
    /// [error]` a line), `kids` and `ev` tell that it has children and a stream, `affinity`
    /// is the model it asks (see `JobMessage.affinity`), `passed` how often others were claimed before it for theirs.
    func job(_ id: JobID) -> String { prefix + "job:\(id)" }
    /// Set: stages that must end before this one.
    func dependencies(_ id: JobID) -> String { job(id) + ":deps" }
    /// Set: stages that wait for this one.
    func dependents(_ id: JobID) -> String { job(id) + ":next" }
    /// Set: jobs that this one asked for.
    func children(_ id: JobID) -> String { job(id) + ":kids" }
    /// Set: those of them that have neither ended nor been told to.
    func openChildren(_ id: JobID) -> String { job(id) + ":open" }
    /// Stream of the job's progress, about the last 10,000: `p`. Only jobs that report some have one; its ids are those of
    /// the stream of all.
    func events(_ id: JobID) -> String { prefix + "ev:job:\(id)" }

    /// Stream with a time to live: parts of the job's answer while it is written, about the last 4,096: `a` (the attempt)
    /// and `p`.
    func parts(_ id: JobID) -> String { prefix + "parts:\(id)" }

    // Of a run

    /// Hash: `name tenant state created finished stages open cancel sha`.
    func run(_ id: RunID) -> String { prefix + "run:\(id)" }
    /// Stream of the events of the run's stages, about the last 10,000.
    func events(_ id: RunID) -> String { prefix + "ev:run:\(id)" }

    // Of a queue, which is a kind

    /// Sorted set: ids by place, less a head start for priority.
    func ready(_ kind: JobKind) -> String { queue(kind, "ready") }
    /// Sorted set: ids by the time they are due, ms.
    func delayed(_ kind: JobKind) -> String { queue(kind, "delayed") }
    /// Sorted set: ids by the end of their lease, ms.
    func leased(_ kind: JobKind) -> String { queue(kind, "leased") }
    /// Set: ids of stages that wait for others.
    func waiting(_ kind: JobKind) -> String { queue(kind, "waiting") }
    /// Set: tenants that have parked jobs.
    func parked(_ kind: JobKind) -> String { queue(kind, "parked") }
    /// Sorted set: a tenant's parked jobs by place.
    func parked(_ kind: JobKind, tenant: String) -> String { queue(kind, "parked:\(tenant)") }
    /// Set: a tenant's running jobs, but for those that a job asked for.
    func slots(_ kind: JobKind, tenant: String) -> String { queue(kind, "slots:\(tenant)") }
    /// Set: a tenant's jobs that have not ended, but for those that a job asked for.
    func open(_ kind: JobKind, tenant: String) -> String { queue(kind, "open:\(tenant)") }
    /// Set of the tenants that ever had a job in it.
    func tenants(_ kind: JobKind) -> String { queue(kind, "tenants") }
    /// Sorted set: ids by time of death, ms.
    func dead(_ kind: JobKind) -> String { queue(kind, "dead") }
    /// List of up to 64 tokens: workers block on it, and it never holds a job.
    func wake(_ kind: JobKind) -> String { queue(kind, "wake") }
    /// Hash: `paused max_depth max_running tenant_max_depth tenant_max_running`, each only where it is set.
    func control(_ kind: JobKind) -> String { queue(kind, "ctl") }
    /// Hash of counters that only grow.
    func statistics(_ kind: JobKind) -> String { queue(kind, "stats") }

    // Of a client

    /// String that lives for a lease: the worker's last two claims, `<request> <id>=<fence>,…` a line.
    func lastClaim(_ worker: WorkerID) -> String { prefix + "claim:\(worker)" }

    /// Hash with a time to live: `job` or `run`, and `sha` of the first body.
    func idempotency(_ scope: String, tenant: String, key: String) -> String {
        // The lengths keep apart what concatenation would not.
        prefix + "idem:\(scope):\(tenant.utf8.count):\(tenant):\(key)"
    }

    private func queue(_ kind: JobKind, _ what: String) -> String { prefix + "q:\(kind):\(what)" }
}
