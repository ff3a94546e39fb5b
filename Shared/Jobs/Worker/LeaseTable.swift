// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The leases of one worker: when each is to be renewed, and when it must be given up. Decisions only, no clock.
struct LeaseTable {
    private struct Held {
        let control: JobControl
        /// Until when the lease surely lasts, by our own monotonic clock.
        var safeUntil: ContinuousClock.Instant
    }

    /// An attempt: a job may come back to the same worker under a new fence.
    struct Key: Hashable {
        let job: JobID
        let fence: Fence
    }

    private let lease: Duration
    private var held: [Key: Held] = [:]

    init(lease: Duration) { self.lease = lease }

    /// How many leases are held.
    var count: Int { held.count }

    /// A tenth of the lease is kept back: a holder must have stopped when another may begin.
    private func safeTime(from sent: ContinuousClock.Instant) -> ContinuousClock.Instant { sent + lease * 0.9 }

    /// Takes a job up, claimed by a call that was sent at `sent`.
    mutating func hold(_ key: Key, control: JobControl, sent: ContinuousClock.Instant) {
        held[key] = Held(control: control, safeUntil: safeTime(from: sent))
    }

    /// Lets a job go.
    mutating func drop(_ key: Key) { held[key] = nil }

    /// The signs of life to send now.
    func beats() -> [Heartbeat] {
        held.map { key, held in Heartbeat(job: key.job, fence: key.fence, progress: held.control.takeProgress()) }
    }

    /// Takes the answers to beats sent at `sent`; gives whom to stop, and why.
    mutating func answered(
        _ beats: [Heartbeat], _ replies: [HeartbeatReply], sent: ContinuousClock.Instant
    ) -> [(JobControl, JobControl.StopReason)] {
        var stops: [(JobControl, JobControl.StopReason)] = []
        let safe = safeTime(from: sent)
        for (beat, reply) in zip(beats, replies) {
            let key = Key(job: beat.job, fence: beat.fence)
            guard let entry = held[key] else { continue }
            switch reply {
            case .held: held[key]?.safeUntil = safe
            case .cancelRequested:
                held[key]?.safeUntil = safe
                stops.append((entry.control, .cancelled))
            case .stale:
                held[key] = nil
                stops.append((entry.control, .leaseLost))
            }
        }
        return stops
    }

    /// Gives up what nobody has confirmed in time; gives whom to stop.
    mutating func lapse(at now: ContinuousClock.Instant) -> [JobControl] {
        let lapsed = held.filter { $0.value.safeUntil <= now }
        for key in lapsed.keys { held[key] = nil }
        return lapsed.values.map(\.control)
    }

    /// Since the lease confirmed longest ago was confirmed; nil where none is held.
    func age(at now: ContinuousClock.Instant) -> Duration? {
        held.values.map(\.safeUntil).min().map { max(.zero, now - ($0 - lease * 0.9)) }
    }

    /// Everyone.
    var controls: [JobControl] { held.values.map(\.control) }
}
