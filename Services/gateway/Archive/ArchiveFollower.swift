// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Jobs
import Logging
import Messages
import ServiceLifecycle

/// Follows the queue's events and writes a manifest of every run, and of every job that belongs to none, that has
/// ended. It goes on where it was, in any process: what it has seen is kept beside the manifests.
struct ArchiveFollower: Service {
    let broker: any JobBroker
    let archive: any RunArchive
    let namespace: String
    let logger: Logger
    /// How long it waits for news at a time.
    var wait: Duration = .seconds(2)
    /// Manifests written at a time: their syncs are then one for the disk.
    private static let width = 8
    private static let page = 500

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await follow() }
        } catch is CancellationError {}
    }

    private func follow() async throws {
        var pause: Duration = .milliseconds(200)
        var isCaughtUp = false
        while true {
            do {
                if !isCaughtUp, try await archive.cursor(of: namespace) == nil { try await catchUp() }
                isCaughtUp = true
                try await step(wait: wait)
                pause = .milliseconds(200)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("The archive waits", metadata: ["error": "\(error)", "retryIn": "\(pause)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
            }
            try Task.checkCancellation()
        }
    }

    /// Takes in one page of events. Returns how many there were.
    @discardableResult
    func step(wait: Duration = .zero) async throws -> Int {
        let cursor = try await archive.cursor(of: namespace)
        let events = try await broker.events(.all, after: cursor, limit: Self.page, wait: wait)
        guard let last = events.last else { return 0 }
        // Events were trimmed before they were read: what ended meanwhile is still in the queue.
        if events.contains(where: { $0.kind == .gap }) { try await catchUp() }
        var runs: Set<RunID> = []
        var jobs: Set<JobID> = []
        for event in events where event.state?.isTerminal == true {
            if let run = event.run { runs.insert(run) } else { jobs.insert(event.job) }
        }
        try await record(runs: Array(runs), jobs: Array(jobs))
        try await archive.saveCursor(last.id, of: namespace)
        return events.count
    }

    /// Records all that the queue holds and that has ended.
    func catchUp() async throws {
        var filter = JobFilter(limit: 1000)
        var seen: Set<RunID> = []
        repeat {
            let page = try await broker.jobs(filter)
            var runs: Set<RunID> = []
            var jobs: [JobID] = []
            for job in page.jobs where job.state.isTerminal {
                if let run = job.run { runs.insert(run) } else if job.parent == nil { jobs.append(job.id) }
            }
            try await record(runs: Array(runs.subtracting(seen)), jobs: jobs)
            seen.formUnion(runs)
            filter.after = page.next
        } while filter.after != nil
    }

    private func record(runs: [RunID], jobs: [JobID]) async throws {
        var work: [@Sendable () async throws -> Void] = []
        work += runs.map { id in { try await record(id) } }
        work += jobs.map { id in { try await record(id) } }
        for start in stride(from: 0, to: work.count, by: Self.width) {
            try await withThrowingTaskGroup { group in
                for item in work[start..<min(start + Self.width, work.count)] { group.addTask { try await item() } }
                try await group.waitForAll()
            }
        }
    }

    private func record(_ id: RunID) async throws {
        guard let run = try await broker.run(id), run.state != .running else { return }
        if let known = try await archive.manifest(id.rawValue), known.run?.finished == run.finished { return }
        try await archive.record(RunManifest(run: run, events: try await history(.run(id))))
    }

    private func record(_ id: JobID) async throws {
        guard let job = try await broker.job(id), job.state.isTerminal, job.parent == nil, job.run == nil else {
            return
        }
        if let known = try await archive.manifest(id.rawValue), known.job?.finished == job.finished { return }
        try await archive.record(RunManifest(job: job, events: try await history(.job(id))))
    }

    /// All events of a job or run that the queue still has.
    private func history(_ scope: EventScope) async throws -> [JobEvent] {
        var all: [JobEvent] = []
        while true {
            let events = try await broker.events(scope, after: all.last?.id, limit: 1000, wait: .zero)
            all += events
            guard events.count >= 1000 else { return all }
        }
    }
}
