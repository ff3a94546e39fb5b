// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Which jobs to list.
public struct JobFilter: Sendable, Hashable {
    public var state: JobState?
    public var kind: JobKind?
    public var run: RunID?
    public var limit: Int
    /// The cursor of the page before.
    public var after: String?
    public init(
        state: JobState? = nil, kind: JobKind? = nil, run: RunID? = nil, limit: Int = 50, after: String? = nil
    ) {
        self.state = state
        self.kind = kind
        self.run = run
        self.limit = limit
        self.after = after
    }
}

/// A page of jobs.
public struct JobPage: Sendable, Hashable, Codable {
    public var jobs: [JobSnapshot]
    /// Where the next page starts; nil on the last.
    public var next: String?
    public init(jobs: [JobSnapshot], next: String? = nil) {
        self.jobs = jobs
        self.next = next
    }
}
