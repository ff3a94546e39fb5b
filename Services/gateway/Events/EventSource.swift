// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Jobs
import Messages

/// The events of one job or one run, and whether there can be more.
struct EventSource: Sendable {
    let broker: any JobBroker
    let archive: any RunArchive
    let scope: EventScope
    /// Where the queue has it no more.
    let archived: RunManifest?

    func events(
        after cursor: String?, limit: Int, wait: Duration = .zero
    ) async throws(JobError) -> [JobEvent] {
        if let archived {
            let all = if case .job(let id) = scope { archived.events(of: id) } else { archived.events }
            return Array(
                all.filter { event in cursor.map { EventCursor.isLater(event.id, than: $0) } ?? true }.prefix(limit))
        }
        return try await broker.events(scope, after: cursor, limit: limit, wait: wait)
    }

    /// Whether the job or run has ended; what the broker has forgotten has ended too.
    func hasEnded() async throws -> Bool { try await finalState() != nil }

    /// The state it ended in, or nil while it goes on.
    func finalState() async throws -> String? {
        switch scope {
        case .job(let id):
            guard archived == nil, let job = try await broker.job(id) else {
                let manifest = try await manifest(RunManifest.id(of: id))
                return manifest?.jobs.first { $0.id == id }?.state.rawValue ?? "forgotten"
            }
            return job.state.isTerminal ? job.state.rawValue : nil
        case .run(let id):
            guard archived == nil, let run = try await broker.run(id) else {
                return try await manifest(id.rawValue)?.run?.state.rawValue ?? "forgotten"
            }
            return run.state == .running ? nil : run.state.rawValue
        case .all: return nil
        }
    }

    private func manifest(_ id: String) async throws -> RunManifest? {
        if let archived { return archived }
        return try await archive.manifest(id)
    }
}
