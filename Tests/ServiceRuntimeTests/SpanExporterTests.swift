// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Logging
import Messages
import ServiceLifecycle
import TestSupport
import Testing

@testable import ServiceRuntime
@testable import Telemetry

@Suite("Traces go to the collector, and never into the way of work")
struct SpanExporterTests {
    private static func logger() -> Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    private func export(
        to port: Int, _ buffer: TraceBuffer, while body: @Sendable () async throws -> Void
    ) async throws {
        var exporter = SpanExporter(
            address: try #require(CollectorAddress("http://127.0.0.1:\(port)")), resource: ["service.name": "test"],
            buffer: buffer, logger: Self.logger())
        exporter.interval = .milliseconds(20)
        let group = ServiceGroup(services: [exporter], logger: Self.logger())
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func span(_ name: String) -> TraceSpan {
        TraceSpan(name, .internal, context: TraceContext(), parent: nil, start: 1)
    }

    @Test("Spans arrive in batches, the last ones at the end")
    func batches() async throws {
        let collector = try CollectorFixture()
        defer { collector.stop() }
        let buffer = TraceBuffer()
        try await export(to: collector.port, buffer) {
            for index in 0..<1000 { buffer.add(span("s\(index)")) }
            try await eventually { collector.bodies.count == 2 }
            buffer.add(span("last"))
        }
        #expect(collector.heads.allSatisfy { $0 == "POST /v1/traces HTTP/1.1" })
        let all = collector.bodies.joined()
        #expect(all.contains("\"name\":\"s0\"") && all.contains("\"name\":\"s999\""))
        #expect(collector.bodies.last?.contains("\"name\":\"last\"") == true)
        #expect(all.contains("\"key\":\"service.name\",\"value\":{\"stringValue\":\"test\"}"))
    }

    @Test("A collector that refuses or is not there costs its spans, nothing else")
    func refusals() async throws {
        let refusing = try CollectorFixture(status: 503)
        let gone = try CollectorFixture()
        gone.stop()
        defer { refusing.stop() }
        for port in [refusing.port, gone.port] {
            let buffer = TraceBuffer()
            try await export(to: port, buffer) {
                buffer.add(span("lost"))
                try await eventually { buffer.isEmpty }
                buffer.add(span("lost too"))
            }
            #expect(buffer.isEmpty)
        }
        try await eventually { refusing.bodies.count == 2 }
    }

    @Test("A collector's address is plain HTTP, whole or with what OTLP adds")
    func addresses() throws {
        let full = try #require(CollectorAddress("http://collector:4317/otlp/"))
        #expect((full.host, full.port, full.path) == ("collector", 4317, "/otlp/v1/traces"))
        let short = try #require(CollectorAddress("http://[::1]"))
        #expect((short.host, short.port, short.path) == ("::1", 4318, "/v1/traces"))
        for bad in ["https://collector:4318", "collector:4318", "http://", "http://a:0", "http://a:b", "http://a b"] {
            #expect(CollectorAddress(bad) == nil, "\(bad)")
        }
        #expect(throws: SettingsError.self) {
            try ServiceSettings(
                SettingsReader(
                    flags: ["otlp-endpoint": "https://collector"], environment: [:], keys: SettingKey.everyService))
        }
    }

    @Test("What a job asks for is below its run, all in one trace")
    func children() async throws {
        Telemetry.spans.open()
        let given = TraceContext()
        try await Stack.with([SumHandler(), SquareHandler()]) { stack in
            let message = try JobMessage(SumOfSquares.kind, SumOfSquares(numbers: [1, 2]))
            let submission = JobSubmission(id: "traced-sum", message: message, traceparent: given.description)
            _ = try await stack.broker.submit(submission)
            #expect(try await stack.end(of: "traced-sum").state == .succeeded)
        }
        // The run's span ends a moment after the job does.
        let spans = Telemetry.spans.take(.max).filter { $0.context.trace == given.trace }
        func of(_ name: String, _ job: String) -> TraceSpan? {
            spans.first { $0.name == name && $0.attributes["mellama.job"] == job }
        }
        let wait = try #require(of("wait", "traced-sum"))
        #expect(wait.parent == given.span)
        for child in ["traced-sum.square-0", "traced-sum.square-1"] {
            let submit = try #require(of("submit", child))
            let run = try #require(of("run", child))
            #expect(run.parent == submit.context.span)
            #expect(of("wait", child)?.parent == submit.context.span)
            // Below the run of the job that asked, which is below the given span.
            if let parent = of("run", "traced-sum") {
                #expect(submit.parent == parent.context.span)
                #expect(parent.parent == given.span)
            }
        }
    }
}
