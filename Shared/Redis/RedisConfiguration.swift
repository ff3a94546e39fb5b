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
    /// How the connection is encrypted; `nil` for plain text.
    public var tls: TLS?
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

    /// TLS as `rediss://` asks for it: at least version 1.2, the server's certificate and name always verified.
    ///
    /// The files are PEM and are read anew for each connection, so that renewed ones need no restart.
    public struct TLS: Sendable, Hashable {
        /// The file of the authorities to trust; `nil` for the system's.
        public var authorities: String?
        /// The file of this client's certificate and what stands between it and its authority, for a server that asks.
        public var certificate: String?
        /// The file of the certificate's key; `nil` where it is in the certificate's file.
        public var key: String?

        /// The system's authorities, no certificate of one's own.
        public init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
        }
    }

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
            "\(tls == nil ? "redis" : "rediss")://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .unix(let path): "unix://\(path)\(database == 0 ? "" : "?db=\(database)")"
        }
    }
}
