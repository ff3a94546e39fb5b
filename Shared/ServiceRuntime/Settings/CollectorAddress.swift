// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where a collector of traces listens: `http://host[:4318][/path]`, to which OTLP's `/v1/traces` is added.
public struct CollectorAddress: Sendable, Hashable {
    public let host: String
    public let port: Int
    /// Of the requests.
    public let path: String

    /// Nil where the text is no such address.
    public init?(_ text: String) {
        guard text.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(7)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let base = rest[slash...]
        // It goes into the head of a request as it is.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains(where: { "?#@\"".contains($0) }) else {
            return nil
        }
        var host = rest[..<slash]
        var port = 4318
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            guard let number = Int(host[host.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
            port = number
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
        path = (base.hasSuffix("/") ? base.dropLast() : base) + "/v1/traces"
    }
}
