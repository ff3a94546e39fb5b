// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Numbers as reports show them, the same in every locale.
enum Figures {
    /// With so many decimals, halves away from zero.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "n/a" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let units = Int((abs(value) * scale).rounded(.toNearestOrAwayFromZero))
        let sign = value < 0 && units > 0 ? "-" : ""
        let whole = units / Int(scale)
        let fraction = String(units % Int(scale))
        guard decimals > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    static func signed(_ value: Double) -> String {
        let text = fixed(value, 3)
        return text.hasPrefix("-") || text == "0.000" ? text : "+" + text
    }

    /// A share as a signed percentage with one decimal.
    static func percent(_ share: Double) -> String {
        let text = fixed(share * 100, 1)
        return (text.hasPrefix("-") || text == "0.0" ? text : "+" + text) + " %"
    }

    /// A probability: four decimals, and no 0 that it is not.
    static func probability(_ p: Double) -> String { p < 0.0001 ? "< 0.0001" : fixed(p, 4) }

    /// Two decimals below 100, one below 10,000.
    static func perplexity(_ value: Double) -> String { fixed(value, value < 100 ? 2 : value < 10_000 ? 1 : 0) }

    /// `0.552 [0.508, 0.594]`.
    static func estimate(_ estimate: MetricEstimate?) -> String {
        guard let estimate else { return "" }
        return "\(fixed(estimate.value, 3)) [\(fixed(estimate.low, 3)), \(fixed(estimate.high, 3))]"
    }
}
