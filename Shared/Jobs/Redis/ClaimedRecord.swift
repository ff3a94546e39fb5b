// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import Redis

/// A job as the claim script gives it, with the outputs that its payload names.
struct ClaimedRecord {
    /// The job, its payload as it was written.
    let envelope: JobEnvelope
    private let outputs: [String: JSONValue]

    /// Reads one element of the claim's reply.
    init(_ reply: RESPValue) throws(JobError) {
        guard let parts = reply.array, parts.count >= 15, let id = parts[0].string,
            let fence = parts[1].string.flatMap({ UInt64($0) }), let attempt = parts[2].integer,
            let kind = parts[3].string, let version = parts[4].integer, let payload = parts[5].bytes,
            let tenant = parts[6].string
        else { throw .unexpectedReply("claim") }
        envelope = JobEnvelope(
            id: JobID(id), run: parts[8].string.map { RunID($0) }, stage: parts[9].string,
            parent: parts[10].string.map { JobID($0) }, tenant: tenant, priority: parts[7].integer ?? 0,
            attempt: attempt, errors: parts[14].integer, fence: Fence(fence), traceparent: parts[11].string,
            deadline: parts[12].integer.map(Int64.init), waited: parts[13].integer.map(Int64.init),
            message: JobMessage(
                kind: JobKind(kind), version: version,
                payload: try JobRecord.parse(payload, operation: "claim")))
        var outputs: [String: JSONValue] = [:]
        for part in parts.dropFirst(15) {
            guard let pair = part.array, pair.count == 2, let stage = pair[0].string else {
                throw .unexpectedReply("claim")
            }
            guard let bytes = pair[1].bytes else { continue }
            outputs[stage] = try JobRecord.decode(bytes, as: JobResult.self, operation: "claim").output
        }
        self.outputs = outputs
    }

    /// The job with every `${stage.field}` replaced.
    func resolvedEnvelope() throws(MessageError) -> JobEnvelope {
        var resolved = envelope
        if envelope.run != nil {
            resolved.message.payload = try envelope.message.payload.resolvingStageReferences { outputs[$0] }
        }
        return resolved
    }
}
