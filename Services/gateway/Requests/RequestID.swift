// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// `x-request-id`: a client's own, if it is a plain short word, else one of ours.
enum RequestID {
    static let headerName = "x-request-id"

    static func of(_ headers: HTTPFields) -> String {
        guard let name = HTTPField.Name(headerName), let given = headers[name], isPlain(given) else {
            return HexadecimalText.random(bytes: 12)
        }
        return given
    }

    /// Nothing that could forge a log line or a header.
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
