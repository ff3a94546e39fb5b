// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// SIGINT and SIGTERM as a number that a loop polls.
enum StopSignal {
    private static let last = Atomic<Int32>(0)
    private static let count = Atomic<Int>(0)

    /// From now on the two signals are only noted.
    static func install() {
        // Only atomic stores happen here: a signal handler may do no more.
        let note: @convention(c) (Int32) -> Void = { number in
            StopSignal.last.store(number, ordering: .relaxed)
            StopSignal.count.add(1, ordering: .relaxed)
        }
        signal(SIGINT, note)
        signal(SIGTERM, note)
        signal(SIGPIPE, SIG_IGN)
        // Whoever started us may have blocked them, and a mask is inherited.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGINT)
        sigaddset(&mask, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    /// The signal that came last, if one came.
    static var received: Int32? {
        let number = last.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// How many came; a second one means "now".
    static var times: Int { count.load(ordering: .relaxed) }
}
