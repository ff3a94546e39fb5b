// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A metric with its 95 % interval, as fractions.
public struct MetricEstimate: Codable, Sendable, Hashable {
    public var value: Double
    public var low: Double
    public var high: Double

    public init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }
}
