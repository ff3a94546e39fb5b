// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where a Redis server is and how patiently to talk to it.
public struct RedisConfiguration: Sendable, Hashable {
    /// The server's address.
    public enum Endpoint: Sendable, Hashable {
        /// A TCP port.
        case tcp(host: String, port: UInt16)
        /// A unix socket's path.
        case unix(path: String)
    }

    /// The server's address.
    public var endpoint: Endpoint
    /// The ACL user, if not the default one.
    public var user: String?
    /// The password, never printed.
    public var password: Secret?
    /// The database number.
    public var database = 0
    /// How long making a connection may take.
    public var connectTimeout: Duration = .seconds(5)
    /// How long a command, or a whole pipeline, may take.
    public var commandTimeout: Duration = .seconds(5)

    /// A configuration for an address, with no credentials.
    public init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// A value that no log or error shows.
    public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
        CustomReflectable
    {
        /// The value itself.
        public let value: String

        /// Wraps a value.
        public init(_ value: String) { self.value = value }

        /// Five dots, whatever the value.
        public var description: String { "•••••" }
        /// Five dots, whatever the value.
        public var debugDescription: String { description }
        /// Nothing to look into.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}

extension RedisConfiguration: CustomStringConvertible {
    /// The address as a URL, without user or password.
    public var description: String {
        switch endpoint {
        case .tcp(let host, let port):
            "redis://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .unix(let path): "unix://\(path)\(database == 0 ? "" : "?db=\(database)")"
        }
    }
}
