// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How long to wait before a process that died is started again: twice as long each time, from half a second to 30,
/// and from the start again once it has lived for a while.
struct RestartBackoff: Sendable, Hashable {
    static let first: Duration = .milliseconds(500)
    static let longest: Duration = .seconds(30)
    /// A process that lived so long was well.
    static let healthy: Duration = .seconds(20)

    private var next = RestartBackoff.first

    /// The pause after a life of `uptime`.
    mutating func pause(afterUptime uptime: Duration) -> Duration {
        if uptime >= Self.healthy { next = Self.first }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
