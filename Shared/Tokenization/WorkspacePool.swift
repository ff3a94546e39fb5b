// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lends each running call of the encoder a workspace of its own; there are as many as calls ever ran at once.
final class WorkspacePool: Sendable {
    private let idle = Mutex<[MergeWorkspace]>([])

    func withWorkspace(_ body: (MergeWorkspace) -> Void) {
        let workspace = idle.withLock { $0.popLast() } ?? MergeWorkspace()
        body(workspace)
        idle.withLock { $0.append(workspace) }
    }
}
