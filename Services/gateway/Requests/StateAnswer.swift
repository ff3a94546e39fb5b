// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The answer to a request that moved a job or a run to another state.
struct StateAnswer: Codable, Sendable {
    var id: String
    var state: String
}
