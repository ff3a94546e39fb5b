// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// `Idempotency-Key`: the same key with the same body is the same job, however often it is sent.
enum IdempotencyKey {
    static let headerName = "Idempotency-Key"

    static func of(_ headers: HTTPFields) throws(Problem) -> String? {
        guard let name = HTTPField.Name(headerName), let key = headers[name] else { return nil }
        let isPrintable = key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard !key.isEmpty, key.utf8.count <= 255, isPrintable else {
            throw .badRequest("Idempotency-Key is 1 to 255 printable ASCII characters", field: headerName)
        }
        return key
    }
}
