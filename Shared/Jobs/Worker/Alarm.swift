// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Resumes one waiter once, however often and however early it rings.
final class Alarm: Sendable {
    private enum State { case idle, waiting(CheckedContinuation<Void, Never>), rung }

    private let state = Mutex(State.idle)

    /// Sets the waiter; it goes on at once where the alarm has rung already.
    func set(_ continuation: CheckedContinuation<Void, Never>) {
        let hasRung = state.withLock { state in
            if case .rung = state { return true }
            state = .waiting(continuation)
            return false
        }
        if hasRung { continuation.resume() }
    }

    /// Lets the waiter go on.
    func ring() {
        let waiter = state.withLock { state in
            defer { state = .rung }
            if case .waiting(let continuation) = state { return continuation as CheckedContinuation<Void, Never>? }
            return nil
        }
        waiter?.resume()
    }

    /// Suspends until it rings, or until the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { set($0) }
        } onCancel: {
            ring()
        }
    }
}
