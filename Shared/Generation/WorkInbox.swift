// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What other threads hand to the one thread that computes.
///
/// Invariant behind `@unchecked Sendable`: `items` and `isClosed` are read and written only while `mutex` is held.
final class WorkInbox<Item: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var items: [Item] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(arrival, nil)
    }

    deinit {
        pthread_cond_destroy(arrival)
        pthread_mutex_destroy(mutex)
        arrival.deallocate()
        mutex.deallocate()
    }

    /// Hands over; false where nobody takes any more.
    func put(_ new: [Item]) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed else { return false }
        items += new
        pthread_cond_signal(arrival)
        return true
    }

    /// Takes what is there; where `waits` and nothing is, waits for something. Nil once it is closed and empty.
    func take(waits: Bool) -> [Item]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waits, items.isEmpty, !isClosed { pthread_cond_wait(arrival, mutex) }
        guard !items.isEmpty || !isClosed else { return nil }
        defer { items = [] }
        return items
    }

    /// Takes no more.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_signal(arrival)
        pthread_mutex_unlock(mutex)
    }
}
