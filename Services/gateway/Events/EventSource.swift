// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages

/// The events of one job or one run, and whether there can be more.
struct EventSource: Sendable {
    let broker: any JobBroker
    let scope: EventScope

    func events(
        after cursor: String?, limit: Int, wait: Duration = .zero
    ) async throws(JobError) -> [JobEvent] {
        try await broker.events(scope, after: cursor, limit: limit, wait: wait)
    }

    /// Whether the job or run has ended; what the broker has forgotten has ended too.
    func hasEnded() async throws(JobError) -> Bool { try await finalState() != nil }

    /// The state it ended in, or nil while it goes on.
    func finalState() async throws(JobError) -> String? {
        switch scope {
        case .job(let id):
            guard let job = try await broker.job(id) else { return "forgotten" }
            return job.state.isTerminal ? job.state.rawValue : nil
        case .run(let id):
            guard let run = try await broker.run(id) else { return "forgotten" }
            return run.state == .running ? nil : run.state.rawValue
        case .all: return nil
        }
    }
}
