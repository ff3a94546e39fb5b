// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Telemetry
import Testing

@Suite("Every metric is in the document, and only those")
struct MetricCatalogueTests {
    /// `| name | type | labels | … |` of docs/telemetry.md: name, type, labels.
    static func table() throws -> [[String]] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/telemetry.md")
        var rows: [[String]] = []
        for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count > 3, ["counter", "gauge", "histogram"].contains(cells[1]) else { continue }
            let labels = cells[2].matches(of: /`([a-z_]+)`/).map { String($0.output.1) }
            rows.append([cells[0].replacing("`", with: ""), cells[1], labels.sorted().joined(separator: " ")])
        }
        return rows
    }

    @Test func documentAndCatalogueAgree() throws {
        let documented = Set(try Self.table())
        let known = Set(
            MetricCatalogue.all.map { [$0.name, $0.kind.rawValue, $0.labels.sorted().joined(separator: " ")] })
        #expect(documented.subtracting(known).isEmpty, "only in docs/telemetry.md, or with other types or labels")
        #expect(known.subtracting(documented).isEmpty, "missing in docs/telemetry.md, or with other types or labels")
    }

    @Test func namesFollowTheConventions() {
        for metric in MetricCatalogue.all {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(["mellama_", "http_server_", "process_"].contains { metric.name.hasPrefix($0) }, "\(metric.name)")
            if metric.kind == .histogram { #expect(metric.name.hasSuffix("_seconds"), "\(metric.name)") }
        }
    }

    @Test func aPageTellsWhatItsMetricsAre() {
        var page = PrometheusText()
        page.set("mellama_queue_depth", [("state", "ready"), ("kind", "b")], to: 2)
        page.set("mellama_queue_depth", [("state", "ready"), ("kind", "a")], to: 1)
        page.set("no_such_metric", to: 1)
        #expect(
            page.text == """
                # HELP mellama_queue_depth Jobs now, by state.
                # TYPE mellama_queue_depth gauge
                mellama_queue_depth{kind="a",state="ready"} 1
                mellama_queue_depth{kind="b",state="ready"} 2

                """)
        let process = PrometheusRegistry().text()
        for name in ["cpu_seconds_total", "open_fds", "resident_memory_bytes", "start_time_seconds"] {
            #expect(process.contains("\nprocess_\(name) "))
        }
    }
}
