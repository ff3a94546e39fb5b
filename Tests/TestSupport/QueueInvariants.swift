// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What must hold of a queue at every moment, whatever was killed, checked on the keys themselves.
///
/// 1. Every submitted id has a record with one known state; nothing else has a record.
/// 2. A job is in the index of its state and in no other; every index names jobs that are there.
/// 3. A job has succeeded at most once, and its events are a path of the diagram in docs/jobs.md that ends in its state.
/// 4. Slots are the running jobs, places of a tenant its open ones; a run's count of open stages is right.
/// 5. Jobs submitted = jobs by state, summed; counters of ends are what the events say.
/// 6. Whatever has ended will expire, whatever has not will not; no key is without its owner.
public struct QueueInvariants {
    private let dump: QueueDump
    private let jobs: [String: [String: String]]
    private var problems: [String] = []

    /// All that is wrong, one sentence each; empty where everything holds.
    /// - Parameters:
    ///   - submitted: ids that the queue has acknowledged; each must be there.
    ///   - exactly: whether no others may be there.
    public static func violations(
        _ dump: QueueDump, submitted: Set<String> = [], exactly: Bool = false
    ) -> [String] {
        var check = QueueInvariants(dump: dump, jobs: dump.jobs)
        for id in submitted.subtracting(check.jobs.keys) { check.found(id, "was acknowledged and is not there: lost") }
        if exactly {
            for id in Set(check.jobs.keys).subtracting(submitted) { check.found(id, "was never submitted") }
        }
        check.states()
        check.indexes()
        check.histories()
        check.tenants()
        check.families()
        check.runs()
        check.expiry()
        check.owners()
        check.counters()
        return check.problems.sorted()
    }

    private init(dump: QueueDump, jobs: [String: [String: String]]) {
        self.dump = dump
        self.jobs = jobs
    }

    private mutating func found(_ id: String, _ problem: String) { problems.append("\(id) \(problem)") }

    private func state(_ id: String) -> JobState? { jobs[id]?["state"].flatMap(JobState.init(rawValue:)) }

    /// Where a job of a state must be listed; nil where its state has no index.
    private func index(of job: [String: String], in state: JobState) -> String? {
        let queue = "q:\(job["kind"] ?? "?"):"
        return switch state {
        case .ready: queue + "ready"
        case .delayed: queue + "delayed"
        case .running: queue + "leased"
        case .waiting: queue + "waiting"
        case .dead: queue + "dead"
        case .parked: queue + "parked:\(job["tenant"] ?? "default")"
        case .succeeded, .failed, .cancelled, .expired, .upstreamFailed: nil
        }
    }

    private mutating func states() {
        for (id, job) in jobs where state(id) == nil { found(id, "has the state \(job["state"] ?? "none")") }
        let listed = dump.members("jobs")
        for id in listed.subtracting(jobs.keys) { found(id, "is in the list of jobs without a record") }
        for id in Set(jobs.keys).subtracting(listed) { found(id, "has a record and is in no list of jobs") }
    }

    private mutating func indexes() {
        var places: [String: [String]] = [:]
        for key in dump.entries.keys where key.hasPrefix("q:") {
            let parts = key.split(separator: ":", maxSplits: 3)
            guard parts.count >= 3, ["ready", "delayed", "leased", "waiting", "dead", "parked"].contains(parts[2]),
                parts[2] != "parked" || parts.count == 4
            else { continue }
            for id in dump.members(key) { places[id, default: []].append(key) }
        }
        for (id, job) in jobs {
            let right = state(id).flatMap { index(of: job, in: $0) }
            let found = places.removeValue(forKey: id) ?? []
            if found != (right.map { [$0] } ?? []) {
                self.found(id, "is \(job["state"] ?? "?") and in \(found.sorted()), not in \(right ?? "none")")
            }
        }
        for (id, keys) in places { found(id, "is in \(keys.sorted()) without a record") }
        let deadlines = dump.members("deadlines")
        for (id, job) in jobs where state(id)?.isTerminal == false {
            if (job["deadline"] != nil) != deadlines.contains(id) { found(id, "and the list of deadlines differ") }
        }
        for id in deadlines where state(id)?.isTerminal != false { found(id, "has a deadline and has ended") }
    }

    /// What may follow each state; nil stands for the beginning.
    private static let diagram: [JobState?: Set<JobState>] = [
        nil: [.ready, .waiting, .delayed],
        .waiting: [.ready, .upstreamFailed, .cancelled, .expired],
        .ready: [.running, .expired, .cancelled, .parked],
        .parked: [.ready, .expired, .cancelled],
        .delayed: [.ready, .expired, .cancelled],
        .running: [.succeeded, .failed, .dead, .delayed, .ready, .cancelled, .expired],
        .failed: [.ready, .waiting], .dead: [.ready, .waiting], .cancelled: [.ready, .waiting],
        .expired: [.ready, .waiting], .upstreamFailed: [.waiting, .ready],
        .succeeded: [],
    ]

    private mutating func histories() {
        guard dump.isHistoryWhole else { return }
        let histories = dump.histories
        for (id, job) in jobs {
            let states = (histories[id] ?? []).map { JobState(rawValue: $0) }
            let successes = states.count { $0 == .succeeded }
            if successes > 1 { found(id, "succeeded \(successes) times: doubled") }
            if states.last != .some(state(id)) { found(id, "is \(job["state"] ?? "?"), not what its last event says") }
            // The job's former life, where a retry of its parent has forgotten it, comes before.
            var last: JobState?
            for next in states {
                guard let next else {
                    found(id, "has an event of an unknown state")
                    continue
                }
                let isReborn =
                    last?.isTerminal == true && job["parent"] != nil && Self.diagram[nil]?.contains(next) == true
                if Self.diagram[last]?.contains(next) != true && !isReborn {
                    found(id, "went from \(last?.rawValue ?? "nothing") to \(next.rawValue)")
                }
                last = next
            }
        }
    }

    private mutating func tenants() {
        var slots: Set<String> = []
        var open: Set<String> = []
        var isKept = false
        for key in dump.entries.keys where key.hasPrefix("q:") {
            let parts = key.split(separator: ":", maxSplits: 3).map(String.init)
            guard parts.count == 4, parts[2] == "slots" || parts[2] == "open" else { continue }
            isKept = true
            for id in dump.members(key) {
                if jobs[id]?["kind"] != parts[1] || jobs[id]?["tenant"] ?? "default" != parts[3] {
                    found(id, "is counted in \(key), where it does not belong")
                }
                if parts[2] == "slots" { slots.insert(id) } else { open.insert(id) }
            }
        }
        guard isKept || dump.entries.keys.contains(where: { $0.hasSuffix(":tenants") }) else { return }
        let counted = jobs.filter { $0.value["parent"] == nil }.keys
        let running = Set(counted.filter { state($0) == .running })
        for id in running.symmetricDifference(slots) {
            found(id, "is \(jobs[id]?["state"] ?? "gone") and its slot is not")
        }
        let living = Set(counted.filter { state($0)?.isTerminal == false })
        for id in living.symmetricDifference(open) {
            found(id, "is \(jobs[id]?["state"] ?? "gone") and its place is not")
        }
    }

    private mutating func families() {
        let histories = dump.histories
        for (id, job) in jobs {
            if state(id) == .waiting {
                let waitsFor = dump.members("job:\(id):deps")
                if waitsFor.isEmpty { found(id, "waits for nothing") }
                for parent in waitsFor where state(parent)?.isTerminal != false {
                    found(id, "waits for \(parent), which has ended")
                }
            }
            guard let parent = job["parent"], jobs[parent] != nil else { continue }
            if !dump.members("job:\(parent):kids").contains(id) { found(id, "is no child to its parent") }
            let isTold = job["cancel"] != nil
            let isOpen = dump.members("job:\(parent):open").contains(id)
            if state(id)?.isTerminal == true, isOpen { found(id, "has ended and is open to its parent") }
            // A child may be retried by itself when its parent is over.
            let isAlone =
                state(parent)?.isTerminal == true
                && (histories[id] ?? []).contains { JobState(rawValue: $0)?.isTerminal == true }
            if state(id)?.isTerminal == false, !isOpen, !isTold, !isAlone {
                found(id, "is open and its parent does not know")
            }
            let isBeingEnded = dump.members("ending").contains(parent)
            if state(parent)?.isTerminal == true, state(id)?.isTerminal == false, !isTold, !isBeingEnded,
                !isAlone
            {
                found(id, "goes on after its parent's end")
            }
        }
    }

    private mutating func runs() {
        for (key, entry) in dump.entries where key.hasPrefix("run:") {
            guard case .hash(let run) = entry.content else { continue }
            let id = String(key.dropFirst(4))
            let stages = (run["stages"] ?? "").split(separator: ",").map { "\(id).\($0)" }
            for stage in stages where jobs[stage] == nil { found(stage, "is a stage without a record: lost") }
            let open = stages.count { state($0)?.isTerminal == false }
            if Int(run["open"] ?? "") != open {
                found(id, "has \(open) open stages and counts \(run["open"] ?? "none")")
            }
            if (run["state"] == "running") != (open > 0) {
                found(id, "is \(run["state"] ?? "?") with \(open) open stages")
            }
            if !dump.members("runs").contains(id) { found(id, "is in no list of runs") }
        }
    }

    private mutating func expiry() {
        for (id, job) in jobs {
            guard let expires = dump.entries["job:\(id)"]?.expires, let state = state(id) else { continue }
            let ended: Bool
            if let run = job["run"] {
                ended = dump.hash("run:\(run)")["state"] != "running"
            } else {
                ended = state.isTerminal
            }
            if expires, !ended { found(id, "is \(state.rawValue) and will expire: would be lost") }
            // What keeps its texts for a time is listed: `reap` gives it its time to live when they go.
            let isListed = dump.members("texts").contains(id)
            if !expires, ended, !isListed { found(id, "has ended and will never expire") }
        }
    }

    private mutating func owners() {
        let single: Set = [
            "meta", "fence", "order", "jobs", "runs", "kinds", "deadlines", "ending", "ev", "texts", "letters",
            "news", "models",
        ]
        let ofQueue: Set = [
            "ready", "delayed", "leased", "waiting", "dead", "wake", "ctl", "stats", "parked", "slots", "open",
            "tenants",
        ]
        let kinds = dump.members("kinds").union(["all"])
        for key in dump.entries.keys where !single.contains(key) {
            let parts = key.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let isOwned: Bool
            switch parts[0] {
            case "job": isOwned = parts.count >= 2 && jobs[parts[1]] != nil
            case "run": isOwned = parts.count == 2
            case "ev":
                isOwned =
                    parts.count == 3
                    && (parts[1] == "job" ? jobs[parts[2]] != nil : dump.entries["run:\(parts[2])"] != nil)
            case "q":
                // A queue may be told its limits before its first job.
                let isKnown = parts.count >= 3 && (kinds.contains(parts[1]) || parts[2] == "ctl")
                isOwned = isKnown && ofQueue.contains(parts[2])
            case "claim", "idem", "parts", "call": isOwned = dump.entries[key]?.expires == true
            default: isOwned = false
            }
            if !isOwned { found(key, "is a key that nothing owns") }
        }
    }

    private mutating func counters() {
        guard dump.isHistoryWhole else { return }
        var entered: [String: [String: Int]] = [:]
        for (id, states) in dump.histories {
            guard let kind = jobs[id]?["kind"] else { continue }
            for state in states { entered[kind, default: [:]][state, default: 0] += 1 }
        }
        for kind in dump.members("kinds") {
            let counted = dump.hash("q:\(kind):stats")
            let present = jobs.values.count { $0["kind"] == kind }
            let submitted = Int(counted["submitted"] ?? "0") ?? 0
            let began = dump.histories.filter { jobs[$0.key]?["kind"] == kind }.count
            if submitted < present { found(kind, "has \(present) jobs of \(submitted) submitted") }
            // A discarded job is gone, and so are children that a retry of their parent forgets; either may come again.
            guard submitted == present, began == present, dump.histories.count == jobs.count, !hasReborn(kind) else {
                continue
            }
            for state in JobState.allCases where state.isTerminal {
                let said = Int(counted[state.rawValue] ?? "0") ?? 0
                let seen = entered[kind]?[state.rawValue] ?? 0
                if said != seen { found(kind, "counts \(said) \(state.rawValue), and \(seen) events say so") }
            }
        }
    }

    /// Whether children of the kind may have been forgotten and asked for again.
    private func hasReborn(_ kind: String) -> Bool {
        jobs.values.contains { $0["kind"] == kind && $0["parent"] != nil }
    }
}
