// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts finished items from any thread.
final class ProgressCounter: Sendable {
    private let done: Mutex<Int>

    init(done: Int) { self.done = Mutex(done) }

    var count: Int { done.withLock { $0 } }

    /// One more; returns how many there are now.
    func next() -> Int {
        done.withLock {
            $0 += 1
            return $0
        }
    }
}
