// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Telemetry
import TestSupport
import Testing

/// The metrics pages of all services as Prometheus's own tools see them, and the traces of a job through all of them.
@Suite("Metrics and traces of a whole stack", .serialized)
struct MetricsTestsSerial {
    /// Made only when it happens: an error of Redis.
    private static let seldom: Set<String> = ["mellama_redis_errors_total", "mellama_trace_spans_dropped_total"]

    @Test("promtool has nothing to say of any page, the document lists what is on them, and a Prometheus scrapes them")
    func pages() async throws {
        let collector = try CollectorFixture()
        defer { collector.stop() }
        let environment = ["MELLAMA_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)"]
        try await StackFixture.with(environment: environment) { stack in
            let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let id = try await stack.gateway.submit(
                "tokenize.text", ["tokenizer": try await stack.tokenizer(), "texts": ["fever"]],
                headers: ["traceparent": given])
            #expect(try await stack.gateway.awaitJob(id).state == .succeeded)
            try await traces(of: id, stack, collector)

            let workers = try stack.note.adminPorts
            #expect(workers.keys.sorted() == ["evaluator", "inference", "tokenizer", "trainer"])
            var pages: [String: String] = [:]
            for (name, client) in Self.clients(stack, workers) {
                let answer = try await client.get("/metrics")
                #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                pages[name] = String(decoding: answer.body, as: UTF8.self)
                let ready = try await client.get("/readyz")
                #expect(ready.status == 200, "\(name): \(String(decoding: ready.body, as: UTF8.self))")
                if name != "gateway" {
                    let text = String(decoding: ready.body, as: UTF8.self)
                    #expect(text.hasPrefix("ready; last claim answered "), "\(name): \(text)")
                }
            }
            for (name, page) in pages { try await check(page, of: name, in: stack.folder) }
            try documented(pages)
            #expect(!pages.values.contains { $0.contains("\(id)") })
            try await scrape(stack, workers)
        }
    }

    @Test("The rules for whoever is on call are valid, and fire when they should", arguments: ["rules", "config"])
    func rules(_ what: String) async throws {
        let compose = StackFixture.repository.appending(path: "compose").path
        let commands =
            what == "rules"
            ? [["check", "rules", "\(compose)/alerts.yaml"], ["test", "rules", "\(compose)/alerts_test.yaml"]]
            : [["check", "config", "\(compose)/prometheus.yaml"]]
        for command in commands {
            let run = try await CommandRun.run(["/usr/bin/promtool"] + command, folder: NSTemporaryDirectory())
            #expect(run.exitCode == 0, "\(run.printed)")
        }
        let rules = try String(contentsOfFile: "\(compose)/alerts.yaml", encoding: .utf8)
        let operations = try String(
            contentsOf: StackFixture.repository.appending(path: "docs/operations.md"), encoding: .utf8)
        for rule in rules.matches(of: /- alert: (\w+)/) {
            #expect(operations.contains("`\(rule.output.1)`"), "docs/operations.md says nothing of \(rule.output.1)")
        }
        // A rule that names what no page has would never fire.
        for name in rules.matches(of: /mellama_[a-z_]+/) where !rules[..<name.range.lowerBound].hasSuffix("job=~\"") {
            #expect(MetricCatalogue[String(name.output)] != nil, "\(name.output)")
        }
    }

    // MARK: Parts

    private static func clients(_ stack: StackFixture, _ workers: [String: Int]) -> [String: StackClient] {
        var clients = workers.mapValues { StackClient(url: "http://127.0.0.1:\($0)") }
        clients["gateway"] = stack.gateway
        return clients
    }

    /// promtool's linter, as it is.
    private func check(_ page: String, of name: String, in folder: String) async throws {
        let file = "\(folder)/\(name).metrics"
        try page.write(toFile: file, atomically: true, encoding: .utf8)
        let run = try await CommandRun.run(
            ["/bin/sh", "-c", "promtool check metrics <\"$0\"", file], folder: folder)
        #expect(run.exitCode == 0 && run.printed.isEmpty, "\(name): \(run.printed)")
    }

    /// The catalogue, which a test holds equal to the document's table, is what the pages have.
    private func documented(_ pages: [String: String]) throws {
        var seen: Set<String> = []
        for (name, page) in pages {
            for match in page.matches(of: /# TYPE (\S+) (\S+)/) {
                let metric = try #require(MetricCatalogue[String(match.output.1)], "\(name): \(match.output.1)")
                #expect(metric.kind.rawValue == match.output.2, "\(name): \(metric.name)")
                seen.insert(metric.name)
            }
            for line in page.split(separator: "\n") where !line.hasPrefix("#") {
                let parts = try #require(line.wholeMatch(of: /([a-z_]+)(\{.*\})? \S+/), "\(name): \(line)").output
                let family = String(parts.1).replacing(/_(bucket|sum|count)$/, with: "")
                let metric = try #require(
                    MetricCatalogue[String(parts.1)] ?? MetricCatalogue[family], "\(name): \(line)")
                let labels = (parts.2 ?? "").matches(of: /([a-z_]+)="/).map { String($0.output.1) }
                #expect(labels.filter { $0 != "le" }.sorted() == metric.labels.sorted(), "\(name): \(line)")
            }
        }
        let missing = Set(MetricCatalogue.all.map(\.name)).subtracting(seen).subtracting(Self.seldom)
        #expect(missing.isEmpty, "on no page: \(missing.sorted())")
    }

    /// Submit, wait and run are one trace, and the lines of the log name it.
    private func traces(of id: JobID, _ stack: StackFixture, _ collector: CollectorFixture) async throws {
        try await eventually(within: .seconds(30)) {
            // Named in the attributes of all three.
            collector.bodies.reduce(0) {
                $0 + $1.matches(of: /"stringValue":"([^"]+)"/).count { $0.output.1 == "\(id)" }
            } >= 3
        }
        struct Span: Hashable { var name, trace, id, parent: String }
        let all = collector.bodies.flatMap { body in
            body.matches(of: /"traceId":"(\w+)","spanId":"(\w+)","parentSpanId":"(\w+)","name":"(\w+)"/).map {
                Span(
                    name: String($0.output.4), trace: String($0.output.1), id: String($0.output.2),
                    parent: String($0.output.3))
            }
        }
        // The vocabulary's job has a trace of its own.
        let spans = all.filter { $0.trace == "0af7651916cd43dd8448eb211c80319c" }
        #expect(spans.map(\.name).sorted() == ["run", "submit", "wait"])
        let submit = try #require(spans.first { $0.name == "submit" })
        #expect(submit.parent == "b7ad6b7169203331")
        #expect(spans.filter { $0.name != "submit" }.allSatisfy { $0.parent == submit.id })
        let sent = collector.bodies.joined()
        for text in ["mellama-gateway", "mellama-tokenizer", "\(id)"] { #expect(sent.contains(text)) }
        #expect(!sent.contains("fever"))
        let logs = try stack.logs()
        for service in ["gateway.log", "tokenizer.log"] {
            #expect(logs[service]?.contains("\"trace_id\":\"\(submit.trace)\"") == true, "\(service)")
        }
    }

    /// A real server with the real rules.
    private func scrape(_ stack: StackFixture, _ workers: [String: Int]) async throws {
        let rules = StackFixture.repository.appending(path: "compose/alerts.yaml").path
        let targets = Self.clients(stack, workers).map { name, client in
            "  - {job_name: mellama-\(name), static_configs: [{targets: ['\(client.url.dropFirst(7))']}]}"
        }
        let configuration = """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ['\(rules)']
            scrape_configs:
            \(targets.joined(separator: "\n"))
            """
        try await PrometheusFixture.with(configuration: configuration, folder: "\(stack.folder)/prometheus") {
            try await judge($0)
        }
    }

    /// What the server has seen after a while.
    private func judge(_ prometheus: StackClient) async throws {
        @Sendable func value(_ query: String) async throws -> String {
            String(decoding: try await prometheus.get("/api/v1/query?query=\(query)").body, as: UTF8.self)
        }
        // Five targets are up, the queue is, and the rules were evaluated with no rule firing.
        _ = try await prometheus.patiently(within: .seconds(60), { try await value("sum(up)") }) {
            $0.contains(",\"5\"]")
        }
        _ = try await prometheus.patiently(within: .seconds(30), { try await value("mellama_queue_up") }) {
            $0.contains(",\"1\"]")
        }
        let completed = "sum(mellama_queue_completed_total%7Boutcome=%22succeeded%22%7D)"
        let count = try await value(completed)
        #expect(!count.contains(",\"0\"]"), "\(count)")
        _ = try await prometheus.patiently(
            within: .seconds(30),
            { String(decoding: try await prometheus.get("/api/v1/rules").body, as: UTF8.self) },
            until: { $0.matches(of: /"health":"ok"/).count >= 13 })
        let alerts = String(decoding: try await prometheus.get("/api/v1/alerts").body, as: UTF8.self)
        #expect(!alerts.contains("\"firing\""), "\(alerts)")
    }
}
