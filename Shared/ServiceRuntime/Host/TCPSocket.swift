// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A plain connection with a limit on every step, for the few small requests that services make themselves. Blocks.
struct TCPSocket: ~Copyable {
    private let descriptor: Int32

    /// Connects; nil where nothing answers within `seconds`.
    init?(host: String, port: Int, seconds: Int) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let socket = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { continue }
            var limit = timeval(tv_sec: seconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
            if connect(socket, address.ai_addr, address.ai_addrlen) == 0 {
                descriptor = socket
                return
            }
            close(socket)
        }
        return nil
    }

    deinit { close(descriptor) }

    /// Whether all of it was taken.
    func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// The status of an HTTP answer; nil where none came.
    func readStatus() -> Int? {
        // `HTTP/1.1 200`.
        var answer = [UInt8](repeating: 0, count: 12)
        guard recv(descriptor, &answer, answer.count, Int32(MSG_WAITALL)) == answer.count else { return nil }
        let text = String(decoding: answer, as: UTF8.self)
        return text.hasPrefix("HTTP/1.") ? Int(text.suffix(3)) : nil
    }
}
