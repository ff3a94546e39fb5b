// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Metrics
import Synchronization

/// All metrics of a process, in memory, with Prometheus's text format as their page.
///
/// A series is a name and a set of labels. Labels must be few and fixed: a job's id is never one. More than
/// `maximumSeries` of a name are dropped and counted in `mellama_dropped_series_total`.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    public static let maximumSeries = 1000

    private struct Family {
        var type: MetricDescription.Kind
        var series: [String: any PrometheusSeries] = [:]
    }

    private let families = Mutex<[String: Family]>([:])
    private let dropped = CounterSeries()

    public init() {}

    private func series<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], _ type: MetricDescription.Kind, _ make: (String) -> Series
    ) -> Series {
        var name = PrometheusName.metric(label)
        if type == .counter, !name.hasSuffix("_total") { name += "_total" }
        let labels = PrometheusName.labels(dimensions)
        return families.withLock { families in
            let family = families[name] ?? Family(type: type)
            if let known = family.series[labels] as? Series { return known }
            let made = make(name)
            guard family.type == type, family.series[labels] == nil, family.series.count < Self.maximumSeries else {
                dropped.increment(by: Int64(1))
                return made
            }
            families[name, default: family].series[labels] = made
            return made
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in GaugeSeries() }
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            return series(label, dimensions, .histogram) {
                HistogramSeries(bounds: MetricCatalogue[$0]?.bounds ?? HistogramSeries.values, scale: 1)
            }
        }
        return series(label, dimensions, .gauge) { _ in GaugeSeries() }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) {
            HistogramSeries(bounds: MetricCatalogue[$0]?.bounds ?? MetricCatalogue.work, scale: 1e-9)
        }
    }

    // Series live as long as the process: a counter that starts again would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// The page of `/metrics`: text format 0.0.4, what was counted here, then the process's own figures.
    public func text() -> String {
        let snapshot = families.withLock { $0 }
        var page = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            page += PrometheusText.head(name, family.type, MetricCatalogue[name]?.help ?? "Of a library.")
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name: name, labels: labels, into: &page)
            }
        }
        var more = PrometheusText()
        more.set("mellama_dropped_series_total", to: dropped.value)
        ProcessFigures.add(to: &more)
        return page + more.text
    }

    /// The `Content-Type` of the page.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
}
