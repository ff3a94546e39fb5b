// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them.
enum Figures {
    static func bytes(_ count: Int) -> String { scaled(Double(count), ["B", "KiB", "MiB", "GiB", "TiB"], 1024) }

    /// `12.3 M`, for parameters and tokens.
    static func count(_ value: Double) -> String {
        scaled(value, ["", "K", "M", "B", "T", "P", "E"], 1000).trimmed
    }

    private static func scaled(_ value: Double, _ units: [String], _ base: Double) -> String {
        var value = value
        var unit = 0
        while value >= base, unit < units.count - 1 {
            value /= base
            unit += 1
        }
        let text = unit == 0 ? fixed(value, value == value.rounded() ? 0 : 1) : fixed(value, value < 100 ? 1 : 0)
        return "\(text) \(units[unit])"
    }

    /// With so many decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = Int64((abs(value) * factor).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(scaled) }
        let digits = String(scaled % Int64(factor))
        let zeros = String(repeating: "0", count: decimals - digits.count)
        return "\(sign)\(scaled / Int64(factor)).\(zeros)\(digits)"
    }

    /// `1 h 02 min`, `3 min 05 s`, `4.2 s`.
    static func duration(seconds: Double) -> String {
        if seconds < 60 { return "\(fixed(seconds, 1)) s" }
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
        return "\(whole / 3600) h \(two(whole % 3600 / 60)) min"
    }

    /// A figure of a progress report: four significant digits.
    static func metric(_ value: Double) -> String {
        let size = abs(value)
        if size >= 1000 { return count(value) }
        if size >= 100 { return fixed(value, 0) }
        if size >= 10 { return fixed(value, 1) }
        if size >= 0.001 || size == 0 { return fixed(value, 3) }
        return "\(Float(value))"
    }
}

extension String {
    fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}
