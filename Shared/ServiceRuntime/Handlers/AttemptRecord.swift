// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Synchronization

/// What an attempt has to tell in its result besides its output.
final class AttemptRecord: Sendable {
    private struct State {
        var metrics: [String: Double] = [:]
        var artifacts: [ArtifactID] = []
    }

    private let state = Mutex(State())

    func note(_ metric: String, _ value: Double, adds: Bool) {
        state.withLock { $0.metrics[metric] = value + (adds ? $0.metrics[metric] ?? 0 : 0) }
    }

    func published(_ artifact: ArtifactID) {
        state.withLock { if !$0.artifacts.contains(artifact) { $0.artifacts.append(artifact) } }
    }

    var metrics: [String: Double] { state.withLock { $0.metrics } }
    var artifacts: [ArtifactID] { state.withLock { $0.artifacts } }
}
