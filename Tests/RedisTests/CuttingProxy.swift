// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Redis
import Synchronization

/// Passes one connection on to a local port, and cuts it off after so many bytes of answers.
final class CuttingProxy: Sendable {
    let port: UInt16
    private let listener: Listener
    private let thread = BlockingThread(name: "proxy")

    /// Listens on a free port of 127.0.0.1.
    init(to target: UInt16, cuttingAfter limit: Int) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                [bind(listener, general, length), listen(listener, 1), getsockname(listener, general, &length)]
            }
        }
        guard status == [0, 0, 0] else { throw RedisError(.connectFailed, operation: "proxy", detail: "no port") }
        port = UInt16(bigEndian: address.sin_port)
        let held = Listener(listener)
        self.listener = held
        thread.perform { Self.pass(held, target, limit) }
    }

    deinit { listener.interrupt() }

    /// A listening socket that is closed once, under the lock that `interrupt` takes: its number may be another's then.
    private final class Listener: Sendable {
        private let descriptor: Mutex<Int32>

        init(_ number: Int32) { descriptor = Mutex(number) }

        /// The next connection; -1 after `interrupt`.
        func next() -> Int32 { accept(descriptor.withLock { $0 }, nil, nil) }

        /// Ends a blocked `next`.
        func interrupt() {
            descriptor.withLock { number in
                if number >= 0 { _ = shutdown(number, Int32(SHUT_RDWR)) }
            }
        }

        func close() {
            descriptor.withLock { number in
                if number >= 0 { _ = Glibc.close(number) }
                number = -1
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }

    private static func pass(_ listener: Listener, _ target: UInt16, _ limit: Int) {
        let client = listener.next()
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer {
            listener.close()
            for number in [client, server] where number >= 0 { _ = close(number) }
        }
        let isConnected = withUnsafePointer(to: loopback(target)) { pointer in
            let general = UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            return connect(server, general, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
        guard client >= 0, isConnected else { return }
        var left = limit
        var buffer = [UInt8](repeating: 0, count: 4096)
        while left > 0 {
            var entries = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 20_000) > 0 else { return }
            for (index, entry) in entries.enumerated() where entry.revents != 0 {
                let isAnswer = index == 1
                let count = recv(entry.fd, &buffer, isAnswer ? min(left, buffer.count) : buffer.count, 0)
                guard count > 0 else { return }
                if isAnswer { left -= count }
                guard send(isAnswer ? client : server, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }
}
