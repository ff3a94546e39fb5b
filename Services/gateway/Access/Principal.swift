// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Who asks, as the key says.
struct Principal: Sendable, Hashable {
    /// The key's name; it may stand in logs, the key never does.
    var name: String
    var tenant: String
    var scopes: Set<Scope>

    /// Whoever asks a gateway without keys: on loopback the machine's users are trusted.
    static let local = Principal(name: "local", tenant: "default", scopes: [.admin])

    func allows(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

    /// Whether what this tenant owns is this principal's to see.
    func sees(tenant: String) -> Bool { tenant == self.tenant || scopes.contains(.admin) }
}
