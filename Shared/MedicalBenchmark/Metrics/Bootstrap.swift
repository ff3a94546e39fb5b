// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Percentile bootstrap over items (Efron, 1979): how far a score would move had other items been drawn.
///
/// Draws are the module's own, so an interval is the same for the same answers and seed on every machine.
public struct Bootstrap: Codable, Sendable, Hashable {
    public var resamples: Int
    public var seed: UInt64

    public init(resamples: Int = 1000, seed: UInt64 = 42) {
        self.resamples = resamples
        self.seed = seed
    }

    /// Each statistic of all items, with the 2.5th and 97.5th percentile of the same over resamples with replacement.
    ///
    /// `statistics` is given indices of items, and gives the same number of values at every call. Cost: `resamples`
    /// calls of it.
    func estimates(items: Int, _ statistics: ([Int]) -> [Double]) -> [MetricEstimate] {
        let values = statistics(Array(0..<items))
        guard items > 0, resamples > 0 else { return values.map { MetricEstimate(value: $0, low: $0, high: $0) } }
        var generator = SeededGenerator(seed: seed)
        var drawn = [[Double]](repeating: [], count: values.count)
        var sample = [Int](repeating: 0, count: items)
        for _ in 0..<resamples {
            for index in sample.indices { sample[index] = generator.index(below: items) }
            for (position, value) in statistics(sample).enumerated() { drawn[position].append(value) }
        }
        return zip(values, drawn).map { value, draws in
            let sorted = draws.sorted()
            return MetricEstimate(
                value: value, low: Self.percentile(0.025, of: sorted), high: Self.percentile(0.975, of: sorted))
        }
    }

    /// With linear interpolation between order statistics.
    private static func percentile(_ share: Double, of sorted: [Double]) -> Double {
        let position = share * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
    }
}
