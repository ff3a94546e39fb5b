// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Messages

/// SHA-256 over bytes as they come, by OpenSSL, which uses the processor's own instructions. Not for several threads.
final class ContentDigest {
    private let context: OpaquePointer

    init() throws(ArtifactError) {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            throw ArtifactError(.storage, operation: "hash", detail: "OpenSSL gives no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest as an artifact's identifier; the hasher can't be used afterwards.
    func finish() -> ArtifactID {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = EVP_DigestFinal_ex(context, &digest, nil)
        let digits = Array("0123456789abcdef".utf8)
        var text = Array(ArtifactID.prefix.utf8)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return ArtifactID(String(decoding: text, as: UTF8.self))
    }

    static func of(_ bytes: some Collection<UInt8>) throws(ArtifactError) -> ArtifactID {
        let digest = try ContentDigest()
        Array(bytes).withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
}
