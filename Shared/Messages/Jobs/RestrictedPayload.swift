// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A payload whose texts may come from data that must not leave the stack.
public protocol RestrictedPayload: JobPayload {
    /// Whether they do. A remote model is then refused.
    var restricted: Bool? { get }
}
