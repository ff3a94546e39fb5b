// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where a job is in its life; docs/jobs.md has the diagram.
public enum JobState: String, Codable, Sendable, CaseIterable, Hashable {
    /// Parents have not finished.
    case waiting
    /// Any worker may claim it.
    case ready
    /// Ready at a later time: a retry's pause.
    case delayed
    /// Ready, but its tenant is at its limit.
    case parked
    /// A worker holds its lease.
    case running
    case succeeded
    /// A permanent error.
    case failed
    /// Retries or crashes are exhausted.
    case dead
    case cancelled
    /// Its deadline passed before it finished.
    case expired
    /// A parent ended without success and the edge says fail.
    case upstreamFailed = "upstream_failed"

    /// Whether the job has ended for good (a person may still retry it).
    public var isTerminal: Bool {
        switch self {
        case .waiting, .ready, .delayed, .parked, .running: false
        case .succeeded, .failed, .dead, .cancelled, .expired, .upstreamFailed: true
        }
    }
}
