// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Metrics
import Telemetry
import Testing

@Suite("Metrics in Prometheus's text format")
struct PrometheusRegistryTests {
    @Test func aPageHasEveryFamilyInOrder() {
        let registry = PrometheusRegistry()
        Counter(label: "jobs", dimensions: [("kind", "train.tune"), ("a", "b")], factory: registry).increment(by: 3)
        Counter(label: "jobs_total", dimensions: [("a", "b"), ("kind", "train.tune")], factory: registry).increment()
        Meter(label: "depth", factory: registry).set(2.5)
        let timer = Timer(label: "run_seconds", factory: registry)
        timer.recordSeconds(0.04)
        timer.recordSeconds(2)
        timer.recordSeconds(1e6)
        let page = registry.text()
        #expect(
            page.hasPrefix(
                "# HELP depth Of a library.\n# TYPE depth gauge\ndepth 2.5\n# HELP jobs_total Of a library.\n"))
        // Two spellings of one series, whatever the order of its labels.
        #expect(page.contains("\njobs_total{a=\"b\",kind=\"train.tune\"} 4\n"))
        #expect(page.contains("# TYPE run_seconds histogram\n"))
        #expect(page.contains("run_seconds_bucket{le=\"0.01\"} 0\n"))
        #expect(page.contains("run_seconds_bucket{le=\"0.05\"} 1\n"))
        #expect(page.contains("run_seconds_bucket{le=\"5\"} 2\n"))
        #expect(page.contains("run_seconds_bucket{le=\"86400\"} 2\n"))
        #expect(page.contains("run_seconds_bucket{le=\"+Inf\"} 3\n"))
        // The last digits are those of a sum of doubles.
        #expect(page.contains("\nrun_seconds_sum 1000002.04"))
        #expect(page.contains("\nrun_seconds_count 3\n"))
        #expect(page.contains("\nmellama_dropped_series_total 0\n"))
    }

    @Test func labelsAreEscapedAndNamesCleaned() {
        let registry = PrometheusRegistry()
        Counter(label: "9a.b-c", dimensions: [("x.y", "a\"b\\c\nd")], factory: registry).increment()
        #expect(registry.text().contains(#"_9a_b_c_total{x_y="a\"b\\c\nd"} 1"#))
    }

    @Test func recordersAreGaugesOrHistograms() {
        let registry = PrometheusRegistry()
        Gauge(label: "now", factory: registry).record(7)
        Recorder(label: "sizes", aggregate: true, factory: registry).record(3)
        let page = registry.text()
        #expect(page.contains("# TYPE now gauge\nnow 7\n"))
        #expect(page.contains("sizes_bucket{le=\"2\"} 0\nsizes_bucket{le=\"5\"} 1\n"))
    }

    @Test func seriesAreBounded() {
        let registry = PrometheusRegistry()
        for index in 0..<(PrometheusRegistry.maximumSeries + 5) {
            Counter(label: "many", dimensions: [("id", "\(index)")], factory: registry).increment()
        }
        // A type that contradicts the family's is dropped as well.
        Meter(label: "many_total", factory: registry).set(1)
        #expect(registry.text().contains("mellama_dropped_series_total 6\n"))
    }

    @Test func countersOnlyGrow() {
        let registry = PrometheusRegistry()
        let counter = FloatingPointCounter(label: "seconds", factory: registry)
        counter.increment(by: 1.5)
        counter.increment(by: -1)
        counter.increment(by: Double.nan)
        #expect(registry.text().contains("seconds_total 1.5\n"))
    }

    @Test func concurrentIncrementsAllCount() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 { Counter(label: "hits", factory: registry).increment() }
                }
            }
        }
        #expect(registry.text().contains("hits_total 8000\n"))
    }
}
