// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

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
        let claimed = try await claim(
            kinds: next.kinds, worker: next.worker, limit: next.limit, lease: next.lease)
        return CompletionReply(refusals: refusals, claimed: claimed)
    }
}
