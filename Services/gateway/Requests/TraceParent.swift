// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// `traceparent` (W3C Trace Context, version 00): passed on into the job, made where the client sent none.
enum TraceParent {
    static let headerName = "traceparent"

    static func of(_ headers: HTTPFields) -> String {
        if let name = HTTPField.Name(headerName), let given = headers[name], isWellFormed(given) { return given }
        return "00-\(HexadecimalText.random(bytes: 16))-\(HexadecimalText.random(bytes: 8))-01"
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros (section 3.2.2 of the recommendation).
    static func isWellFormed(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] == "00" else { return false }
        return parts.allSatisfy(HexadecimalText.isLowerCase)
            && parts[1].contains { $0 != "0" } && parts[2].contains { $0 != "0" }
    }
}

/// Lower-case hexadecimal digits.
enum HexadecimalText {
    static func random(bytes: Int) -> String {
        encode((0..<bytes).map { _ in UInt8.random(in: 0...255) })
    }

    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    static func isLowerCase(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy {
            ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
        }
    }

    private static let digits = Array("0123456789abcdef")
}
