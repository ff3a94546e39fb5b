// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Keeps pages of other sites from using a gateway that asks for no key: a browser names the page's origin
/// (Fetch standard, section 3.2), other programs name none.
enum CrossOrigin {
    static func check(_ request: Request) throws(Problem) {
        guard let origin = request.headers[.origin] else { return }
        let host = origin.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init)
        guard let host, origin.contains("://"), host == request.head.authority else {
            throw Problem(
                "cross-origin", "Another site's page", status: .forbidden,
                detail: "a page of another origin may not use a gateway without keys; set MELLAMA_API_KEYS_FILE")
        }
    }
}
