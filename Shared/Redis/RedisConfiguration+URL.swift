// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension RedisConfiguration {
    /// Reads `redis://[user:password@]host[:port][/database]`, the same with `rediss://` for TLS, or
    /// `unix://[user:password@]/path[?db=number]`.
    ///
    /// Throws `invalidConfiguration` naming the part at fault. The errors never hold the URL itself: it may carry a
    /// password.
    public init(url: String) throws(RedisError) {
        guard let separator = url.firstRange(of: "://") else {
            throw Self.invalid("has no scheme; write redis://host:6379/0 or unix:///path/to/socket")
        }
        let scheme = url[..<separator.lowerBound]
        let rest = url[separator.upperBound...]
        switch scheme.lowercased() {
        case "redis": try self.init(network: rest)
        case "unix": try self.init(socket: rest)
        case "rediss":
            try self.init(network: rest)
            tls = TLS()
        default: throw Self.invalid("has an unknown scheme; write redis://, rediss:// or unix://")
        }
    }

    private init(network text: Substring) throws(RedisError) {
        guard !text.contains("?"), !text.contains("#") else {
            throw Self.invalid("has a query or a fragment; the form is redis://user:password@host:port/database")
        }
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        let (credentials, address) = Self.split(credentials: text[..<slash])
        let (host, port) = try Self.address(address)
        self.init(endpoint: .tcp(host: host, port: port))
        try take(credentials)
        let path = text[slash...].dropFirst()
        if !path.isEmpty { database = try Self.database(path) }
    }

    private init(socket text: Substring) throws(RedisError) {
        let query = text.firstIndex(of: "?") ?? text.endIndex
        let (credentials, path) = Self.split(credentials: text[..<query])
        guard path.hasPrefix("/") else {
            throw Self.invalid("must give an absolute path, as in unix:///run/redis.sock (three slashes)")
        }
        let decoded = try Self.decode(path, part: "path")
        // sockaddr_un's sun_path holds 107 bytes and a zero.
        guard decoded.utf8.count <= 107 else {
            throw Self.invalid("names a socket path longer than 107 bytes; use a shorter folder")
        }
        self.init(endpoint: .unix(path: decoded))
        try take(credentials)
        let parameters = text[query...].dropFirst()
        guard !parameters.isEmpty else { return }
        guard parameters.hasPrefix("db=") else {
            throw Self.invalid("has an unknown query; only ?db=<number> is known for unix://")
        }
        database = try Self.database(parameters.dropFirst(3))
    }

    /// Parts `user:password@` from what follows; the last `@` counts, as passwords are often not escaped.
    private static func split(credentials text: Substring) -> (credentials: Substring?, rest: Substring) {
        guard let at = text.lastIndex(of: "@") else { return (nil, text) }
        return (text[..<at], text[text.index(after: at)...])
    }

    private mutating func take(_ credentials: Substring?) throws(RedisError) {
        guard let credentials else { return }
        guard let colon = credentials.firstIndex(of: ":") else {
            throw Self.invalid(
                "has a user without a password; write redis://user:password@host or redis://:password@host")
        }
        let name = try Self.decode(credentials[..<colon], part: "user")
        user = name.isEmpty ? nil : name
        password = Secret(try Self.decode(credentials[credentials.index(after: colon)...], part: "password"))
    }

    private static func address(_ text: Substring) throws(RedisError) -> (host: String, port: UInt16) {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw invalid("has an IPv6 address without its ]") }
            host = text[text.index(after: text.startIndex)..<close]
            let after = text[text.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw invalid("has text between ] and the port") }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw invalid("names no host; write redis://host:6379/0") }
        let name = try decode(host, part: "host")
        guard let port else { return (name, 6379) }
        guard let number = UInt16(port), number > 0 else {
            throw invalid("has a port that is no number from 1 to 65535")
        }
        return (name, number)
    }

    private static func database(_ text: Substring) throws(RedisError) -> Int {
        guard let number = Int(text), number >= 0, number <= 1_000_000 else {
            throw invalid("has a database that is no number; write redis://host:6379/0")
        }
        return number
    }

    private static func decode(_ text: Substring, part: String) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                value > 0
            else {
                throw invalid("has a % in its \(part) that no two hexadecimal digits follow; write a plain % as %25")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw invalid("has a \(part) that is not UTF-8 once decoded")
        }
        return decoded
    }

    private static func invalid(_ problem: String) -> RedisError {
        RedisError(.invalidConfiguration, operation: "configure", detail: "the Redis URL \(problem)")
    }
}
