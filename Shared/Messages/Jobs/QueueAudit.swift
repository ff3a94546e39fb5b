// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A slice of an audit of the queue's indexes against the jobs' records.
public struct QueueAudit: Codable, Sendable, Hashable {
    /// Something that is not as it must be.
    public struct Finding: Codable, Sendable, Hashable {
        public enum Problem: String, Codable, Sendable, CaseIterable {
            /// The job is not in the index of its state.
            case notIndexed = "not-indexed"
            /// The job is in the index of a state that it is not in.
            case wronglyIndexed = "wrongly-indexed"
            /// A running job has no lease, so that nobody would notice its worker's death.
            case withoutLease = "without-lease"
            /// An index or list names a job that has no record.
            case withoutRecord = "without-record"
            /// The job's record is in no list of jobs.
            case notListed = "not-listed"
            /// A tenant's slots or open jobs are not the jobs that hold them.
            case wrongSlot = "wrong-slot"
            /// A stage waits for stages that have ended.
            case stuck
            /// A run's count of open stages is wrong.
            case wrongRunCount = "wrong-run-count"
            /// A state that this version does not know.
            case unknownState = "unknown-state"
        }

        /// The job, or the run's id where the problem is the run's.
        public var job: JobID
        public var problem: Problem
        public init(job: JobID, problem: Problem) {
            self.job = job
            self.problem = problem
        }
    }

    /// Where the next slice starts; nil after the last.
    public var cursor: String?
    /// How many jobs this slice looked at.
    public var jobsSeen: Int
    public var findings: [Finding]
    /// How many of the findings were mended.
    public var repaired: Int

    public init(cursor: String? = nil, jobsSeen: Int, findings: [Finding], repaired: Int) {
        self.cursor = cursor
        self.jobsSeen = jobsSeen
        self.findings = findings
        self.repaired = repaired
    }
}
