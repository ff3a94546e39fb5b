// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// What a connection's TLS needs of files: authorities to trust, and perhaps a certificate of our own.
final class TLSContext {
    /// OpenSSL's `SSL_CTX`.
    let raw: OpaquePointer

    /// Reads the files; an error names the file at fault.
    init(_ tls: RedisConfiguration.TLS) throws(RedisError) {
        guard let raw = SSL_CTX_new(TLS_client_method()) else {
            throw RedisError(.tlsFailed, operation: "connect", detail: "OpenSSL makes no TLS context: \(Self.reason())")
        }
        self.raw = raw
        // A macro in C: SSL_CTX_set_min_proto_version.
        _ = SSL_CTX_ctrl(raw, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        SSL_CTX_set_options(raw, UInt64(1) << 30)  // SSL_OP_NO_RENEGOTIATION, a macro that Swift does not see.
        // Without this an encrypted key would be asked for on the terminal.
        SSL_CTX_set_default_passwd_cb(raw) { _, _, _, _ in 0 }
        try trust(tls.authorities)
        if let certificate = tls.certificate { try present(certificate, key: tls.key ?? certificate) }
    }

    deinit { SSL_CTX_free(raw) }

    private func trust(_ authorities: String?) throws(RedisError) {
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
        ERR_clear_error()
        guard let authorities else {
            guard SSL_CTX_set_default_verify_paths(raw) == 1 else {
                throw Self.invalid("the system's certificate authorities can't be read: \(Self.reason())")
            }
            return
        }
        guard SSL_CTX_load_verify_file(raw, authorities) == 1 else {
            throw Self.invalid("\(authorities): no certificate authorities in PEM can be read from it\(Self.why())")
        }
    }

    private func present(_ certificate: String, key: String) throws(RedisError) {
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(raw, certificate) == 1 else {
            throw Self.invalid("\(certificate): no certificate in PEM can be read from it\(Self.why())")
        }
        guard SSL_CTX_use_PrivateKey_file(raw, key, SSL_FILETYPE_PEM) == 1 else {
            throw Self.invalid("\(key): no private key in PEM without a passphrase can be read from it\(Self.why())")
        }
        guard SSL_CTX_check_private_key(raw) == 1 else {
            throw Self.invalid("the key of \(key) does not belong to the certificate of \(certificate)")
        }
    }

    private static func why() -> String { " (\(reason()))" }

    /// What this thread's last call into OpenSSL complained of first.
    private static func reason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        // A missing file is told as an error of the system, which OpenSSL packs with a bit of its own.
        if code & 0x8000_0000 != 0 { return String(cString: strerror(Int32(code & 0x7FFF_FFFF))) }
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? "no reason given"
    }

    private static func invalid(_ detail: String) -> RedisError {
        RedisError(.invalidConfiguration, operation: "configure", detail: detail)
    }
}
