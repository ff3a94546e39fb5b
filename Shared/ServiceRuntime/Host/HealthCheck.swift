// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc

/// Asks a service's admin port whether it is alive, without any HTTP library: for container health checks.
enum HealthCheck {
    /// Throws `HostError` unless `/healthz` answers 200 within three seconds. Blocks.
    static func run(host: String, port: Int) throws {
        guard port != 0 else {
            throw HostError(.unhealthy, detail: "the admin port is off; set MELLAMA_ADMIN_PORT")
        }
        // A service that listens everywhere is asked on loopback.
        let name = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        let socket = try connect(name, port)
        defer { close(socket) }
        let request = Array("GET /healthz HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n".utf8)
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw HostError(.unhealthy, detail: "\(name):\(port) closed the connection")
        }
        var answer = [UInt8](repeating: 0, count: 64)
        let count = recv(socket, &answer, answer.count, 0)
        guard count > 0, String(decoding: answer.prefix(count), as: UTF8.self).hasPrefix("HTTP/1.1 200") else {
            throw HostError(.unhealthy, detail: "\(name):\(port)/healthz does not answer 200")
        }
    }

    private static func connect(_ host: String, _ port: Int) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else {
            throw HostError(.unhealthy, detail: "the name \(host) has no address")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let socket = Glibc.socket(address.ai_family, address.ai_socktype, 0)
            guard socket >= 0 else { continue }
            var limit = timeval(tv_sec: 3, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(socket, address.ai_addr, address.ai_addrlen) == 0 { return socket }
            close(socket)
        }
        throw HostError(.unhealthy, detail: "nothing listens on \(host):\(port)")
    }
}
