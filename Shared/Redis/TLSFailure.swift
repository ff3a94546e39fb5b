// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Why TLS with a server failed, in words that say how to mend it.
struct TLSFailure {
    let host: String
    let port: UInt16

    private var server: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The handshake was refused, by us or by the server.
    func handshake(reason code: UInt, verification: Int) -> RedisError {
        guard ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED else {
            return Self.error("\(server) \(Self.meaning(code))")
        }
        switch Int32(verification) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return Self.error(
                "no trusted authority has signed the certificate of \(server) (\(Self.text(verification))); "
                    + "name the file of its authority with MELLAMA_REDIS_CA")
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
            return Self.error(
                "the certificate of \(server) is out of its time (\(Self.text(verification))); "
                    + "renew it, or set this machine's clock")
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return Self.error(
                "the certificate of \(server) is made for another name than \(host); "
                    + "use a name of the certificate in the URL, or have one made for this name")
        default:
            return Self.error("the certificate of \(server) is refused: \(Self.text(verification))")
        }
    }

    /// The connection ended, or stood still, before TLS was agreed on.
    func cutOff(_ error: RedisError) -> RedisError {
        let what: String
        switch error.code {
        case .timedOut: what = "gave no answer to a TLS greeting in time"
        case .connectionLost: what = "cut the connection off during the TLS handshake"
        default: return error
        }
        return RedisError(
            .connectFailed, operation: "connect",
            detail: "\(server) \(what); is it the server's tls-port? A plain port is written redis://")
    }

    /// What came later is not TLS, or is the server's refusal of what we are.
    static func broken(operation: String, reason code: UInt) -> RedisError {
        RedisError(.tlsFailed, operation: operation, detail: "the server \(meaning(code))")
    }

    private static func meaning(_ code: UInt) -> String {
        switch ERR_GET_REASON(code) {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_BAD_RECORD_TYPE, SSL_R_HTTP_REQUEST:
            return "does not speak TLS; a plain port is written redis://, TLS needs the server's tls-port"
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return "offers no TLS of version 1.2 or later; set its tls-protocols"
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            return "asks for a client certificate (\(text(code))); name its file with MELLAMA_REDIS_CERTIFICATE"
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
            SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
            return "refuses the certificate of MELLAMA_REDIS_CERTIFICATE (\(text(code)))"
        default: return "and OpenSSL do not agree: \(text(code))"
        }
    }

    private static func text(_ code: UInt) -> String {
        ERR_reason_error_string(code).map { String(cString: $0) } ?? "no reason given"
    }

    private static func text(_ verification: Int) -> String {
        X509_verify_cert_error_string(verification).map { String(cString: $0) } ?? "error \(verification)"
    }

    private static func error(_ detail: String) -> RedisError {
        RedisError(.tlsFailed, operation: "connect", detail: detail)
    }
}
