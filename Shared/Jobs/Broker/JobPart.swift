// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A piece of a running attempt's answer, as its worker publishes it.
public struct JobPart: Sendable, Hashable {
    public var job: JobID
    public var fence: Fence
    public var part: GenerationPart

    public init(job: JobID, fence: Fence, part: GenerationPart) {
        self.job = job
        self.fence = fence
        self.part = part
    }
}

/// A piece of an answer, as a reader gets it.
public struct PublishedPart: Sendable, Hashable {
    /// The cursor: give it back to go on after this part.
    public var id: String
    /// Which attempt wrote it. Another one begins the answer anew.
    public var attempt: Int
    public var part: GenerationPart

    public init(id: String, attempt: Int, part: GenerationPart) {
        self.id = id
        self.attempt = attempt
        self.part = part
    }
}

/// What one look at a job's parts gave.
public struct PartPage: Sendable, Hashable {
    public var parts: [PublishedPart]
    /// The job's state at that moment: once it has ended, no part comes after these. Nil where there is no such job.
    public var state: JobState?
    /// The cursor to go on with, after these parts; nil where there are none.
    public var next: String?

    public init(parts: [PublishedPart], state: JobState?, next: String? = nil) {
        self.parts = parts
        self.state = state
        self.next = next
    }
}
