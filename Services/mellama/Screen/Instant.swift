// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A time as people read it, in UTC (RFC 3339).
enum Instant {
    static func text(milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
        let fraction = String(1000 + abs(milliseconds % 1000)).dropFirst()
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) + ".\(fraction)Z"
    }
}
