// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the process has been asked to stop: open event streams then end, and their readers go on elsewhere.
final class ShutdownFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
