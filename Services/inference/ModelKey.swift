// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What tells one loaded model from another: where it came from, as resolved on this machine.
enum ModelKey: Hashable, Sendable {
    /// `stamp` tells a folder from one that was later put at its path.
    case stored(path: String, stamp: String)
    case fresh(configuration: JSONValue, seed: UInt64, tokenizer: String?)
}

/// What tells one loaded adapter from another.
struct AdapterKey: Hashable, Sendable {
    let model: ModelKey
    let path: String
    let stamp: String

    /// The name under which the engine keeps what was computed with it.
    var name: String { "\(path) \(stamp)" }
}

/// What a worker keeps in memory.
enum ResidentKey: Hashable, Sendable {
    case model(ModelKey)
    case adapter(AdapterKey)
}
