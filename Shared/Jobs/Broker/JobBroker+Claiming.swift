// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

extension JobBroker {
    /// The same as one call after another, for brokers that have no faster way.
    public func complete(
        _ completions: [Completion], thenClaim next: ClaimRequest?
    ) async throws(JobError) -> CompletionReply {
        var refusals: [JobError?] = []
        for completion in completions {
            do throws(JobError) {
                try await complete(completion.job, fence: completion.fence, result: completion.result)
                refusals.append(nil)
            } catch {
                guard error.code != .unavailable else { throw error }
                refusals.append(error)
            }
        }
        guard let next else { return CompletionReply(refusals: refusals, claimed: ClaimResult(jobs: [])) }
        return CompletionReply(refusals: refusals, claimed: try await claim(next))
    }
}

extension JobBroker {
    /// Takes up to `limit` ready jobs of these kinds for a worker that keeps no models.
    public func claim(
        kinds: [JobKind], worker: WorkerID, limit: Int, lease: Duration
    ) async throws(JobError) -> ClaimResult {
        try await claim(ClaimRequest(kinds: kinds, worker: worker, limit: limit, lease: lease))
    }

    /// Returns when a job of these kinds may have become ready, or after `timeout`.
    public func waitForWork(kinds: [JobKind], timeout: Duration) async throws(JobError) {
        try await waitForWork(kinds: kinds, loaded: nil, timeout: timeout)
    }
}
