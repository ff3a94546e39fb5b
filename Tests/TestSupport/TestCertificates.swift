// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
public import Redis

/// Certificates made for one test by the `openssl` command, in a folder that goes with the last reference.
public final class TestCertificates: Sendable {
    /// What a server or client shows of itself.
    public enum Identity: String, Sendable {
        /// For localhost and 127.0.0.1, signed by the authority.
        case server
        /// The same, out of its time.
        case expired
        /// Signed by the authority, for another host.
        case elsewhere
        /// Of a client, signed by the authority.
        case client
        /// Of a client, signed by an authority that nobody trusts.
        case stranger
    }

    private let folder: String

    /// The authority's certificate.
    public var authority: String { "\(folder)/authority.pem" }
    /// An authority that signed nothing a server shows.
    public var otherAuthority: String { "\(folder)/other.pem" }

    /// The identity's certificate.
    public func certificate(_ identity: Identity) -> String { "\(folder)/\(identity.rawValue).pem" }
    /// The identity's key.
    public func key(_ identity: Identity) -> String { "\(folder)/\(identity.rawValue).key" }

    /// TLS that trusts the authority, and shows this identity if there is one.
    public func tls(as identity: Identity? = nil) -> RedisConfiguration.TLS {
        RedisConfiguration.TLS(
            authorities: authority, certificate: identity.map(certificate), key: identity.map(key))
    }

    /// What redis-server is told to speak TLS.
    func options(_ identity: Identity, asksClients: Bool) -> [String] {
        [
            "--tls-cert-file", certificate(identity), "--tls-key-file", key(identity), "--tls-ca-cert-file", authority,
            "--tls-auth-clients", asksClients ? "yes" : "no",
        ]
    }

    /// Makes them all.
    public init() throws {
        var template = Array("/tmp/mellama-tls-XXXXXX\0".utf8.map(CChar.init(bitPattern:)))
        guard mkdtemp(&template) != nil else { throw RedisFixtureError("cannot make a folder in /tmp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard system("exec > '\(folder)/log' 2>&1; cd '\(folder)'\n\(Self.script)") == 0 else {
            let log = FileManager.default.contents(atPath: "\(folder)/log").map { String(decoding: $0, as: UTF8.self) }
            throw RedisFixtureError("the openssl command made no certificates: \(log ?? "is it installed?")")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let script = """
        set -e
        key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
        authority() { key "$1"; openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 2 -out "$1.pem"; }
        signed() {
          key "$1"; openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
          echo "subjectAltName=$2" > "$1.ext"
          openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key" -CAcreateserial -days "$3" -extfile "$1.ext" \\
            -out "$1.pem"
        }
        authority authority; authority other
        signed server DNS:localhost,IP:127.0.0.1 2 authority
        signed expired DNS:localhost,IP:127.0.0.1 -1 authority
        signed elsewhere DNS:elsewhere.example,IP:192.0.2.1 2 authority
        signed client DNS:client 2 authority
        signed stranger DNS:client 2 other
        """
}
