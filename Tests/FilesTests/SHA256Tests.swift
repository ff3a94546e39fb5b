// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Files

@Suite("SHA-256 gives the digests of FIPS 180-4's examples")
struct SHA256Tests {
    @Test("nothing, one block, two blocks, a million letters in uneven parts")
    func examples() {
        #expect(
            SHA256.digest(of: [])
                == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SHA256.digest(of: Array("abc".utf8))
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.digest(of: Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
                == "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            SHA256.hexadecimal(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        var hash = SHA256()
        var left = 1_000_000
        for size in 1...1500 {
            let part = [UInt8](repeating: UInt8(ascii: "a"), count: min(size, left))
            part.withUnsafeBytes { hash.update($0) }
            left -= part.count
        }
        #expect(left == 0)
        #expect(hash.finish() == "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}
