// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A connected stream socket with a deadline on every call.
///
/// One thread reads and writes; any thread may ask `isStale` or `interrupt`. The descriptor is closed exactly once,
/// under the lock those two take, so that neither ever touches a reused number.
final class SocketStream: Sendable {
    private let descriptor: Mutex<Int32>

    private init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { close() }

    /// Connects to a TCP port or a unix socket.
    static func connect(
        to endpoint: RedisConfiguration.Endpoint, until deadline: ContinuousClock.Instant
    ) throws(RedisError) -> SocketStream {
        switch endpoint {
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
            let stream = try open(family: AF_UNIX)
            try withUnsafePointer(to: address) { pointer throws(RedisError) in
                try stream.connect(
                    UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                    socklen_t(MemoryLayout<sockaddr_un>.size), deadline, name: "unix://\(path)")
            }
            return stream
        case .tcp(let host, let port):
            return try connect(host: host, port: port, deadline: deadline)
        }
    }

    private static func connect(
        host: String, port: UInt16, deadline: ContinuousClock.Instant
    ) throws(RedisError) -> SocketStream {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0, let list else {
            throw failure("cannot resolve the host \(host): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        var last: RedisError?
        for info in sequence(first: list, next: { $0.pointee.ai_next }) {
            do throws(RedisError) {
                let stream = try open(family: info.pointee.ai_family)
                try stream.connect(
                    info.pointee.ai_addr, info.pointee.ai_addrlen, deadline, name: "\(host):\(port)")
                stream.configureNetwork()
                return stream
            } catch {
                last = error
            }
        }
        throw last ?? failure("the host \(host) has no address")
    }

    private static func open(family: Int32) throws(RedisError) -> SocketStream {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(family, kind, 0)
        guard number >= 0 else { throw failure("cannot open a socket: \(String(cString: strerror(errno)))") }
        return SocketStream(descriptor: number)
    }

    private static func failure(_ detail: String) -> RedisError {
        RedisError(.connectFailed, operation: "connect", detail: detail)
    }

    private func connect(
        _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ deadline: ContinuousClock.Instant, name: String
    ) throws(RedisError) {
        let number = descriptor.withLock { $0 }
        if Glibc.connect(number, address, length) == 0 { return }
        var problem = errno
        if problem == EINPROGRESS {
            guard try wait(number, for: Int16(POLLOUT), until: deadline, operation: "connect") else {
                throw Self.failure("no answer from \(name) in time; is it up and reachable?")
            }
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(number, SOL_SOCKET, SO_ERROR, &problem, &size)
            if problem == 0 { return }
        }
        throw Self.failure("\(name): \(String(cString: strerror(problem))); is redis-server running there?")
    }

    /// No delay for small commands, and keepalive probes so that a silent peer is noticed within 30 s.
    private func configureNetwork() {
        let number = descriptor.withLock { $0 }
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
        set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
        set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    }

    /// Sends all bytes.
    func write(
        _ bytes: UnsafeRawBufferPointer, until deadline: ContinuousClock.Instant, operation: String
    ) throws(RedisError) {
        let number = descriptor.withLock { $0 }
        var sent = 0
        while sent < bytes.count {
            let count = send(number, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                guard try wait(number, for: Int16(POLLOUT), until: deadline, operation: operation) else {
                    throw timedOut(operation)
                }
            case let problem: throw lost(operation, String(cString: strerror(problem)))
            }
        }
    }

    /// Receives at least one byte.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, until deadline: ContinuousClock.Instant, operation: String
    ) throws(RedisError) -> Int {
        let number = descriptor.withLock { $0 }
        while true {
            let count = recv(number, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return count }
            if count == 0 { throw lost(operation, "the server closed the connection") }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                guard try wait(number, for: Int16(POLLIN), until: deadline, operation: operation) else {
                    throw timedOut(operation)
                }
            case let problem: throw lost(operation, String(cString: strerror(problem)))
            }
        }
    }

    /// Whether the peer has closed, or has sent something nobody asked for; never blocks.
    var isStale: Bool {
        descriptor.withLock { number in
            guard number >= 0 else { return true }
            var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) != 0
        }
    }

    /// Ends a call that is blocked on this socket, from any thread; the socket is then of no further use.
    func interrupt() {
        descriptor.withLock { number in
            if number >= 0 { _ = shutdown(number, Int32(SHUT_RDWR)) }
        }
    }

    /// Closes the socket; called by the thread that reads and writes.
    func close() {
        descriptor.withLock { number in
            if number >= 0 { _ = Glibc.close(number) }
            number = -1
        }
    }

    /// Waits until the socket is ready; `false` once the deadline has passed.
    private func wait(
        _ number: Int32, for events: Int16, until deadline: ContinuousClock.Instant, operation: String
    ) throws(RedisError) -> Bool {
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            let (seconds, attoseconds) = left.components
            let milliseconds = min(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1, 3_600_000)
            var entry = pollfd(fd: number, events: events, revents: 0)
            let status = poll(&entry, 1, Int32(milliseconds))
            if status > 0 { return true }
            if status < 0, errno != EINTR { throw lost(operation, String(cString: strerror(errno))) }
        }
    }

    private func timedOut(_ operation: String) -> RedisError {
        RedisError(.timedOut, operation: operation, detail: "no answer in time; whether it was carried out is unknown")
    }

    private func lost(_ operation: String, _ reason: String) -> RedisError {
        RedisError(.connectionLost, operation: operation, detail: reason)
    }
}
