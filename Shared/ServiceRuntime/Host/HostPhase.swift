// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether a host serves yet: before, a signal has nothing to end gracefully.
final class HostPhase: Sendable {
    private let serving = Atomic(false)

    var isServing: Bool { serving.load(ordering: .acquiring) }
    func beginServing() { serving.store(true, ordering: .releasing) }
}
