// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A collector of traces as small as can be: an HTTP server on a free loopback port that keeps the bodies it gets.
public final class CollectorFixture: Sendable {
    /// The port on 127.0.0.1.
    public let port: Int
    private let socket: Int32
    private let status: Int
    private let kept = Mutex<[String]>([])
    private let requests = Mutex<[String]>([])

    /// A collector that answers every request with `status`.
    public init(status: Int = 200) throws {
        self.status = status
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (descriptor, length) = (socket, size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else { throw RedisFixtureError("no free port on 127.0.0.1") }
        port = Int(UInt16(bigEndian: address.sin_port))
        var thread = pthread_t()
        let raw = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<CollectorFixture>.fromOpaque(raw).takeRetainedValue().serve()
                return nil
            }, raw)
        pthread_detach(thread)
    }

    /// Ends it; further requests are refused.
    public func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// The bodies of all requests so far.
    public var bodies: [String] { kept.withLock { $0 } }
    /// The first lines of all requests so far.
    public var heads: [String] { requests.withLock { $0 } }

    private func serve() {
        while true {
            let client = accept(socket, nil, nil)
            guard client >= 0 else { break }
            answer(client)
            close(client)
        }
        close(socket)
    }

    private func answer(_ client: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound]
                let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
                if text[end.upperBound...].utf8.count >= length ?? 0 {
                    requests.withLock { $0.append(String(head.prefix { $0 != "\r\n" })) }
                    kept.withLock { $0.append(String(text[end.upperBound...])) }
                    break
                }
            }
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            bytes += buffer.prefix(count)
        }
        let reply = Array("HTTP/1.1 \(status) x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        _ = send(client, reply, reply.count, Int32(MSG_NOSIGNAL))
    }
}
