// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages
import Synchronization

/// What passes between a running attempt and its worker: progress out, stop requests in. Safe from any thread.
public final class JobControl: Sendable {
    /// Why the attempt must stop.
    public enum StopReason: Sendable, Hashable {
        /// A person or a parent cancelled the job.
        case cancelled
        /// The worker shuts down: leave a checkpoint and return `.interrupted`.
        case shuttingDown
        /// The lease is lost: stop at once and publish nothing.
        case leaseLost
    }

    private struct State {
        var progress: JobProgress?
        var stop: StopReason?
        var onStop: [@Sendable (StopReason) -> Void] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Keeps the latest progress for the next heartbeat.
    public func report(_ progress: JobProgress) { state.withLock { $0.progress = progress } }

    /// Why to stop, or nil to go on. Cheap: poll it in inner loops.
    public var stopReason: StopReason? { state.withLock { $0.stop } }

    /// The progress since the last call, for the heartbeat.
    package func takeProgress() -> JobProgress? {
        state.withLock { state in
            defer { state.progress = nil }
            return state.progress
        }
    }

    /// Asks the attempt to stop; a lost lease overrides a milder reason, nothing overrides a lost lease.
    package func stop(_ reason: StopReason) {
        let callbacks = state.withLock { state -> [@Sendable (StopReason) -> Void] in
            guard state.stop != .leaseLost, state.stop != reason else { return [] }
            if state.stop == .cancelled, reason == .shuttingDown { return [] }
            state.stop = reason
            return state.onStop
        }
        for callback in callbacks { callback(reason) }
    }

    /// Calls back when the attempt must stop; at once if it must already. The callback may come more than once.
    public func onStop(_ callback: @escaping @Sendable (StopReason) -> Void) {
        let reason = state.withLock { state -> StopReason? in
            state.onStop.append(callback)
            return state.stop
        }
        if let reason { callback(reason) }
    }
}
