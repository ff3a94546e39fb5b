// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// TLS between a session and its socket.
///
/// OpenSSL only turns bytes into records and back, in memory; `SocketStream` alone touches the socket, so that deadlines
/// and interruptions are the same as without TLS. Not thread-safe: one connection's thread owns it.
final class TLSStream {
    private let stream: SocketStream
    /// OpenSSL's `SSL`; owns the two buffers.
    private let ssl: OpaquePointer
    /// Records that came from the socket and are not yet read.
    private let incoming: OpaquePointer
    /// Records that are to be sent.
    private let outgoing: OpaquePointer
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 16)

    /// Agrees on keys with the server, and verifies its certificate for the host.
    init(
        _ stream: SocketStream, tls: RedisConfiguration.TLS, host: String, port: UInt16,
        until deadline: ContinuousClock.Instant
    ) throws(RedisError) {
        self.stream = stream
        let context = try TLSContext(tls)
        guard let ssl = SSL_new(context.raw), let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem())
        else { preconditionFailure("OpenSSL has no memory for a connection") }
        self.ssl = ssl
        self.incoming = incoming
        self.outgoing = outgoing
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        expect(host)
        try handshake(TLSFailure(host: host, port: port), until: deadline)
    }

    deinit {
        SSL_free(ssl)
        buffer.deallocate()
    }

    /// The name or address that the certificate must be made for.
    private func expect(_ host: String) {
        var address = in6_addr()
        if inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1 {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
        } else {
            SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            SSL_set1_host(ssl, host)
            // A macro in C: SSL_set_tlsext_host_name, so that a server of many names shows the right certificate.
            var name = Array(host.utf8CString)
            _ = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name)
        }
    }

    private func handshake(_ failure: TLSFailure, until deadline: ContinuousClock.Instant) throws(RedisError) {
        do throws(RedisError) {
            while true {
                ERR_clear_error()
                let status = SSL_do_handshake(ssl)
                if status == 1 { return try flush(until: deadline, operation: "connect") }
                guard SSL_get_error(ssl, status) == SSL_ERROR_WANT_READ else {
                    let error = failure.handshake(reason: ERR_get_error(), verification: SSL_get_verify_result(ssl))
                    // The alert tells the server why; whether it arrives does not matter.
                    try? flush(until: deadline, operation: "connect")
                    throw error
                }
                try flush(until: deadline, operation: "connect")
                try fill(until: deadline, operation: "connect")
            }
        } catch {
            throw failure.cutOff(error)
        }
    }

    /// Sends all bytes.
    func write(
        _ bytes: UnsafeRawBufferPointer, until deadline: ContinuousClock.Instant, operation: String
    ) throws(RedisError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // In pieces, so that a large message is not held twice.
            let piece = rest.prefix(256 << 10)
            ERR_clear_error()
            let count = SSL_write(ssl, UnsafeRawBufferPointer(rebasing: piece).baseAddress, Int32(piece.count))
            guard count > 0 else { throw TLSFailure.broken(operation: operation, reason: ERR_get_error()) }
            rest = rest.dropFirst(Int(count))
            try flush(until: deadline, operation: operation)
        }
    }

    /// Receives at least one byte.
    func read(
        into target: UnsafeMutableRawBufferPointer, until deadline: ContinuousClock.Instant, operation: String
    ) throws(RedisError) -> Int {
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, target.baseAddress, Int32(target.count))
            if count > 0 { return Int(count) }
            switch SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ:
                // What TLS itself has to answer, such as new keys.
                try flush(until: deadline, operation: operation)
                try fill(until: deadline, operation: operation)
            case SSL_ERROR_ZERO_RETURN:
                throw RedisError(.connectionLost, operation: operation, detail: "the server closed the connection")
            default: throw TLSFailure.broken(operation: operation, reason: ERR_get_error())
            }
        }
    }

    private func fill(until deadline: ContinuousClock.Instant, operation: String) throws(RedisError) {
        let count = try stream.read(into: buffer, until: deadline, operation: operation)
        BIO_write(incoming, buffer.baseAddress, Int32(count))
    }

    private func flush(until deadline: ContinuousClock.Instant, operation: String) throws(RedisError) {
        var start: UnsafeMutablePointer<CChar>?
        // A macro in C: BIO_get_mem_data.
        let count = BIO_ctrl(outgoing, BIO_CTRL_INFO, 0, &start)
        guard count > 0 else { return }
        try stream.write(UnsafeRawBufferPointer(start: start, count: count), until: deadline, operation: operation)
        BIO_ctrl(outgoing, BIO_CTRL_RESET, 0, nil)
    }
}
