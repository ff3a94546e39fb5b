// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a journal keeps its files.
public struct JournalOptions: Sendable {
    /// What is replayed on a server that is new: this much from before the last one was seen.
    public var replay: Duration = .seconds(600)
    /// Records older than this are dropped, reckoned from when the server was last seen; at least `replay`.
    public var keep: Duration = .seconds(900)
    /// Nothing older than this is replayed: ended jobs may be forgotten by then, and would run again.
    public var maximumAge: Duration = .seconds(86_400)
    /// A segment is closed at this size …
    public var segmentBytes = 64 << 20
    /// … or at this age.
    public var segmentAge: Duration = .seconds(120)

    /// The defaults.
    public init() {}
}
