// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Metrics
import Synchronization

/// One name and set of labels.
protocol PrometheusSeries: AnyObject, Sendable {
    func write(name: String, labels: String, into page: inout String)
}

/// A number that only grows.
final class CounterSeries: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    private let total = Mutex(0.0)

    func increment(by amount: Int64) { if amount > 0 { total.withLock { $0 += Double(amount) } } }
    func increment(by amount: Double) { if amount > 0, amount.isFinite { total.withLock { $0 += amount } } }
    var value: Double { total.withLock { $0 } }
    func reset() { total.withLock { $0 = 0 } }

    func write(name: String, labels: String, into page: inout String) {
        page += PrometheusName.line(name, labels, total.withLock { $0 })
    }
}

/// A number that is what it is now.
final class GaugeSeries: PrometheusSeries, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    func write(name: String, labels: String, into page: inout String) {
        page += PrometheusName.line(name, labels, value.withLock { $0 })
    }
}

/// How often values fell below fixed bounds.
final class HistogramSeries: PrometheusSeries, TimerHandler, RecorderHandler {
    /// For sizes and counts.
    static let values: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000]

    private struct State {
        /// Values in each bucket by itself; the last is above all bounds.
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    /// What a recorded unit is in the unit of the bounds.
    private let scale: Double
    private let state: Mutex<State>

    init(bounds: [Double], scale: Double) {
        self.bounds = bounds
        self.scale = scale
        state = Mutex(State(counts: [Int](repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        guard value.isFinite else { return }
        let scaled = value * scale
        let index = bounds.firstIndex { scaled <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += scaled
        }
    }

    func write(name: String, labels: String, into page: inout String) {
        let state = state.withLock { $0 }
        var count = 0
        for (bound, inBucket) in zip(bounds + [.infinity], state.counts) {
            count += inBucket
            let edge = "le=\"\(PrometheusName.number(bound))\""
            page += PrometheusName.line("\(name)_bucket", labels, Double(count), more: edge)
        }
        page += PrometheusName.line("\(name)_sum", labels, state.sum)
        page += PrometheusName.line("\(name)_count", labels, Double(count))
    }
}
