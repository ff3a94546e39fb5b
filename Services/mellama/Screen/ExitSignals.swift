// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A command that only watches ends at once on SIGINT or SIGTERM: nothing of it needs to be put away.
enum ExitSignals {
    static func install() {
        for number in [SIGINT, SIGTERM] { signal(number) { _exit(128 + $0) } }
        signal(SIGPIPE, SIG_IGN)
    }
}
