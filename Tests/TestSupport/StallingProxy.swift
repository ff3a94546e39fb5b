// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A TCP proxy on a port of its own that can let traffic through, swallow it without a word, or cut it.
///
/// One thread serves all connections. While it stalls, connections stay open and new ones are accepted, but no byte
/// passes in either direction: what a broken switch or a dropping firewall looks like to both ends.
public final class StallingProxy: Sendable {
    /// What happens to the traffic.
    public enum Mode: Int, Sendable {
        case pass, stall
        /// Connections are closed, and new ones at once.
        case cut
    }

    /// Both sockets of a connection, and what waits to be written to each.
    private struct Link {
        var sockets: [Int32]
        var waiting: [[UInt8]] = [[], []]
    }

    /// The port on 127.0.0.1 to connect to.
    public let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let mode = Atomic(Mode.pass.rawValue)
    private let isClosed = Atomic(false)

    /// A proxy before a port of 127.0.0.1.
    public init(to target: UInt16) throws {
        self.target = target
        let listener = Self.socket()
        self.listener = listener
        var address = Self.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            let general = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            return bind(listener, general, length) == 0 && listen(listener, 128) == 0
                && getsockname(listener, general, &length) == 0
        }
        guard isBound else { throw ServerClockError("no port for a proxy") }
        port = UInt16(bigEndian: address.sin_port)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<StallingProxy>.fromOpaque(pointer).takeRetainedValue().serve() }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw ServerClockError("no thread for a proxy")
        }
        pthread_detach(thread)
    }

    /// Changes what happens from now on, within some milliseconds.
    public func set(_ mode: Mode) { self.mode.store(mode.rawValue, ordering: .relaxed) }

    /// Ends the proxy and its connections.
    public func close() { isClosed.store(true, ordering: .relaxed) }

    private static func socket() -> Int32 {
        Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }

    private func serve() {
        var links: [Link] = []
        while !isClosed.load(ordering: .relaxed) {
            let mode = Mode(rawValue: mode.load(ordering: .relaxed)) ?? .pass
            if mode == .cut {
                for link in links { link.sockets.forEach { _ = Glibc.close($0) } }
                links = []
            }
            var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            if mode == .pass {
                for link in links {
                    for side in 0..<2 {
                        // What can't be written yet holds back what is read.
                        let events =
                            (link.waiting[1 - side].isEmpty ? POLLIN : 0) | (link.waiting[side].isEmpty ? 0 : POLLOUT)
                        polled.append(pollfd(fd: link.sockets[side], events: Int16(events), revents: 0))
                    }
                }
            }
            guard poll(&polled, nfds_t(polled.count), 10) > 0 else { continue }
            var dead: Set<Int> = []
            if mode == .pass {
                for index in links.indices {
                    for side in 0..<2 where polled[1 + index * 2 + side].revents != 0 {
                        if !move(&links[index], from: side, Int32(polled[1 + index * 2 + side].revents)) {
                            dead.insert(index)
                        }
                    }
                }
            }
            for index in dead.sorted(by: >) { links.remove(at: index).sockets.forEach { _ = Glibc.close($0) } }
            if polled[0].revents != 0, let link = accept(cutting: mode == .cut) { links.append(link) }
        }
        for link in links { link.sockets.forEach { _ = Glibc.close($0) } }
        _ = Glibc.close(listener)
    }

    private func accept(cutting: Bool) -> Link? {
        let near = Glibc.accept(listener, nil, nil)
        guard near >= 0 else { return nil }
        _ = fcntl(near, F_SETFD, FD_CLOEXEC)
        let far = Self.socket()
        var address = Self.address(target)
        let isConnected =
            !cutting
            && withUnsafePointer(to: &address) { pointer in
                let general = UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
                return connect(far, general, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        guard isConnected else {
            _ = Glibc.close(near)
            _ = Glibc.close(far)
            return nil
        }
        for number in [near, far] { _ = fcntl(number, F_SETFL, O_NONBLOCK) }
        return Link(sockets: [near, far])
    }

    /// Reads from a side and writes what waits; false where the connection is over.
    private func move(_ link: inout Link, from side: Int, _ events: Int32) -> Bool {
        if events & POLLIN != 0 {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = read(link.sockets[side], &buffer, buffer.count)
            guard count > 0 else { return count < 0 && errno == EAGAIN }
            link.waiting[1 - side] += buffer[..<count]
        } else if events & (POLLHUP | POLLERR) != 0 {
            return false
        }
        return flush(&link, to: 1 - side) && flush(&link, to: side)
    }

    private func flush(_ link: inout Link, to side: Int) -> Bool {
        guard !link.waiting[side].isEmpty else { return true }
        let count = send(link.sockets[side], link.waiting[side], link.waiting[side].count, Int32(MSG_NOSIGNAL))
        guard count >= 0 else { return errno == EAGAIN }
        link.waiting[side].removeFirst(count)
        return true
    }
}
