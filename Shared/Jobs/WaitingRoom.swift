// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tasks that wait until something about a key happens, or their time is over.
final class WaitingRoom<Key: Hashable & Sendable>: Sendable {
    private struct Waiter {
        let keys: Set<Key>
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        /// Tickets of waiters that are not yet registered; gone from here, they have been cancelled.
        var drawn: Set<Int> = []
        var lastTicket = 0
    }

    private let state = Mutex(State())

    /// Whether nobody waits.
    var isEmpty: Bool { state.withLock { $0.waiters.isEmpty } }

    /// Returns when one of the keys is woken, when the time is over, or on cancellation.
    ///
    /// `isOver` is asked once, after this waiter can be woken: what happened before then is for it to notice.
    func wait(for keys: Set<Key>, timeout: Duration, unless isOver: @escaping @Sendable () -> Bool) async {
        guard timeout > .zero else { return }
        await withTaskGroup { group in
            group.addTask { await self.wait(for: keys, unless: isOver) }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(for keys: Set<Key>, unless isOver: @Sendable () -> Bool) async {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            state.drawn.insert(state.lastTicket)
            return state.lastTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isGone = state.withLock { state in
                    guard state.drawn.remove(ticket) != nil else { return true }
                    state.waiters[ticket] = Waiter(keys: keys, continuation: continuation)
                    return false
                }
                if isGone {
                    continuation.resume()
                } else if isOver() {
                    leave(ticket)
                }
            }
        } onCancel: {
            leave(ticket)
        }
    }

    private func leave(_ ticket: Int) {
        let waiter = state.withLock { state in
            state.drawn.remove(ticket)
            return state.waiters.removeValue(forKey: ticket)
        }
        waiter?.continuation.resume()
    }

    /// Wakes everyone who waits for one of the keys.
    func wake(_ keys: Set<Key>) { wake { !$0.isDisjoint(with: keys) } }

    /// Wakes everyone.
    func wakeAll() { wake { _ in true } }

    private func wake(where matches: (Set<Key>) -> Bool) {
        let woken = state.withLock { state in
            let tickets = state.waiters.filter { matches($0.value.keys) }.keys
            return tickets.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
        }
        for continuation in woken { continuation.resume() }
    }
}
