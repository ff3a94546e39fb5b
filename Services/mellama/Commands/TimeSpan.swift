// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A length of time as people write it: `90s`, `30m`, `12h`, `7d`.
enum TimeSpan {
    /// Milliseconds; throws where the text is none, naming the option.
    static func milliseconds(_ text: String, option: String) throws(MellamaError) -> Int64 {
        let units: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let last = text.last, let unit = units[last], let number = Int64(text.dropLast()), number >= 0,
            number <= 1_000_000
        else { throw MellamaError("\(option) is a number with s, m, h or d, such as 12h") }
        return number * unit
    }
}
