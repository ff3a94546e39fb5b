// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What tells one loaded model from another: where it came from, as resolved on this machine.
enum ModelKey: Hashable, Sendable {
    /// `stamp` tells a folder from one that was later put at its path.
    case stored(path: String, stamp: String, adapter: String?)
    case fresh(configuration: JSONValue, seed: UInt64, tokenizer: String?, adapter: String?)
}
