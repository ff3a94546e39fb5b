// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where a worker's callers wait for their next step.
final class CallDesk: Sendable {
    private struct State {
        var plan: CallPlan
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(slots: Int) { state = Mutex(State(plan: CallPlan(slots: slots))) }

    /// What to do now; suspends until there is something.
    func next() async -> CallPlan.Step {
        while true {
            if let step = state.withLock({ $0.plan.next() }) { return step }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.plan.hasStep { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// Notes a change, and lets callers look: one of them, or all where it may be the end.
    func note(_ change: (inout CallPlan) -> Void) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            change(&state.plan)
            guard state.plan.hasStep, !state.waiters.isEmpty else { return [] }
            guard state.plan.held == 0 else { return [state.waiters.removeLast()] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in woken { waiter.resume() }
    }
}
