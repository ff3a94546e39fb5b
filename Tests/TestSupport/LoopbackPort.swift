// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ports for servers under test.
public enum LoopbackPort {
    /// A TCP port of 127.0.0.1 that was free a moment ago. Somebody else may be faster: whoever starts a server on it
    /// makes sure that it is his that answers, and tries another port otherwise.
    ///
    /// Below the range that the system gives to outgoing connections, so that a server may come back on its port.
    public static func free() throws -> UInt16 {
        for _ in 0..<100 {
            let candidate = UInt16.random(in: 20_000..<32_000)
            if isFree(candidate) { return candidate }
        }
        throw LoopbackPortError(description: "no free port on 127.0.0.1 from 20000 to 31999; stop what listens there")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard number >= 0 else { return false }
        defer { _ = close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: address) { pointer in
            let general = UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            return bind(number, general, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

/// Why there is no port.
public struct LoopbackPortError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String
}
