// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird

/// The keys that a gateway takes, or none: then everyone is the local user.
struct KeyRing: Sendable {
    /// One line of the file: who, and the SHA-256 of the key. The key itself is nowhere.
    struct Entry: Sendable {
        var principal: Principal
        var digest: KeyDigest
    }

    let entries: [Entry]
    /// Whether requests need no key.
    let isOpen: Bool

    static let open = KeyRing(entries: [], isOpen: true)

    private init(entries: [Entry], isOpen: Bool) {
        self.entries = entries
        self.isOpen = isOpen
    }

    /// The most keys and bytes a file may hold; it is read once, at start.
    static let maximumBytes = 1 << 20

    /// Reads lines of `name:sha256-hex:scopes[:tenant]`, scopes parted by commas; `#` starts a comment.
    ///
    /// Throws `KeyFileError` with the line's number, never its text.
    init(parsing text: String, file: String) throws(KeyFileError) {
        var entries: [Entry] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingSuffix { $0 == "\r" || $0 == " " || $0 == "\t" }
            if line.isEmpty || line.first == "#" { continue }
            let entry = try Self.entry(line, at: "\(file):\(index + 1)")
            guard !entries.contains(where: { $0.principal.name == entry.principal.name }) else {
                throw KeyFileError("\(file):\(index + 1): the name stands twice; give each key a name of its own")
            }
            entries.append(entry)
        }
        guard !entries.isEmpty else {
            throw KeyFileError("\(file): holds no key; add lines of name:sha256-hex:scopes, or leave the setting out")
        }
        self.init(entries: entries, isOpen: false)
    }

    private static func entry(_ line: some StringProtocol, at place: String) throws(KeyFileError) -> Entry {
        let parts = String(line).split(separator: Character(":"), omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || parts.count == 4 else {
            throw KeyFileError("\(place): expected name:sha256-hex:scopes[:tenant]")
        }
        guard RequestID.isPlain(parts[0]), parts[0].utf8.count <= 64 else {
            throw KeyFileError("\(place): a name is letters, digits, -, _ and ., at most 64")
        }
        guard let digest = KeyDigest(hexadecimal: parts[1]) else {
            throw KeyFileError(
                "\(place): the second part is no SHA-256; make it with: printf %s KEY | sha256sum | cut -d' ' -f1")
        }
        var scopes: Set<Scope> = []
        for name in parts[2].split(separator: ",") {
            guard let scope = Scope(rawValue: String(name)) else {
                let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
                throw KeyFileError("\(place): unknown scope; known: \(known)")
            }
            scopes.insert(scope)
        }
        guard !scopes.isEmpty else { throw KeyFileError("\(place): the key has no scope") }
        let tenant = parts.count == 4 ? parts[3] : "default"
        guard RequestID.isPlain(tenant), tenant.utf8.count <= 64 else {
            throw KeyFileError("\(place): a tenant is letters, digits, -, _ and ., at most 64")
        }
        return Entry(principal: Principal(name: parts[0], tenant: tenant, scopes: scopes), digest: digest)
    }

    /// Who sent the request. Every entry is compared, each in constant time, so that time tells nothing of the keys.
    func principal(of headers: HTTPFields) throws(Problem) -> Principal {
        if isOpen { return .local }
        guard let header = headers[.authorization], let key = Self.bearer(header) else { throw .unauthenticated }
        let digest = KeyDigest(of: key)
        var found: Principal?
        for entry in entries where entry.digest.equals(digest) { found = entry.principal }
        guard let found else { throw .unauthenticated }
        return found
    }

    private static func bearer(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 512 else { return nil }
        return String(parts[1])
    }
}

extension StringProtocol {
    func trimmingSuffix(while predicate: (Character) -> Bool) -> SubSequence {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return self[startIndex..<end]
    }
}
