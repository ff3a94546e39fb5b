// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Logging
import Messages
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("A worker's traces and its readiness")
struct WorkerTelemetryTests {
    private static let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func worker(
        _ broker: any JobBroker, spans: TraceBuffer = TraceBuffer(), pollLimit: Duration = .seconds(5),
        handler: any ClaimedJobHandler
    ) -> Worker {
        var configuration = WorkerConfiguration()
        configuration.pollLimit = pollLimit
        configuration.retryPolicy = RetryPolicy(base: .milliseconds(1))
        return Worker(
            id: WorkerID("w"), broker: broker, handler: handler, configuration: configuration, spans: spans,
            logger: .quiet)
    }

    private func submit(_ broker: some JobBroker, _ id: JobID, traceparent: String?) async throws {
        let message = JobMessage(kind: .tokenizeText, payload: ["tokenizer": "t", "texts": ["Xyzzyqueloid"]])
        _ = try await broker.submit(JobSubmission(id: id, message: message, traceparent: traceparent))
    }

    @Test("Each attempt is a wait and a run below the submission; what it asks for is below the run")
    func spans() async throws {
        let broker = InMemoryJobBroker()
        let buffer = TraceBuffer()
        buffer.open()
        let seen = Mutex<[String?]>([])
        let handler = ClosureHandler { envelope, _ in
            let isFirst = seen.withLock { seen in
                seen.append(envelope.traceparent)
                return seen.count == 1
            }
            return isFirst
                ? .failed(JobFailure(.internalError, title: "t", detail: "Xyzzyqueloid", retryable: true))
                : .completed(JobResult(status: .succeeded, output: ["ids": ["Xyzzyqueloid"]]))
        }
        try await WorkerFixture.with(worker(broker, spans: buffer, handler: handler)) { _ in
            try await submit(broker, "t0", traceparent: Self.given)
            try await eventually { try await broker.job("t0")?.state == .succeeded }
            try await submit(broker, "t1", traceparent: nil)
            try await eventually { try await broker.job("t1")?.state == .succeeded }
        }
        let spans = buffer.take(.max)
        #expect(spans.map(\.name) == ["wait", "run", "wait", "run"])
        #expect(spans.allSatisfy { $0.context.trace == "0af7651916cd43dd8448eb211c80319c" })
        #expect(spans.allSatisfy { $0.parent == "b7ad6b7169203331" && $0.start <= $0.end })
        #expect(Set(spans.map(\.context.span)).count == 4)
        let runs = spans.filter { $0.name == "run" }
        #expect(runs.map(\.isError) == [true, false])
        #expect(runs.map { $0.attributes["mellama.outcome"] } == ["failed", "succeeded"])
        #expect(spans.map { $0.attributes["mellama.attempt"] } == ["1", "1", "2", "2"])
        #expect(spans.allSatisfy { $0.attributes["mellama.job"] == "t0" })
        // A job without a trace has none.
        #expect(seen.withLock { $0 } == runs.map { $0.context.description } + [nil])
        #expect(!"\(spans)".contains("Xyzzyqueloid"))
    }

    @Test("A worker whose claims get no answer is not ready; one whose slots are taken is")
    func readiness() async throws {
        let handler = ClosureHandler { _, control in
            while control.stopReason == nil { try? await Task.sleep(for: .milliseconds(1)) }
            return .interrupted
        }
        try await RedisFixture.with { redis in
            let broker = BrokerHarness.redis(redis).broker
            let worker = worker(broker, pollLimit: .milliseconds(200), handler: handler)
            #expect(worker.unreadiness == nil)
            try await WorkerFixture.with(worker) { _ in
                try await eventually { worker.claimAge.map { $0 < .milliseconds(600) } ?? false }
                #expect(worker.unreadiness == nil)
                redis.suspend()
                try await eventually { worker.unreadiness != nil }
                redis.resume()
                try await eventually { worker.unreadiness == nil }
                try await submit(broker, "t0", traceparent: nil)
                try await eventually { try await broker.job("t0")?.state == .running }
                try await Task.sleep(for: .milliseconds(800))
                // Nothing is asked for, so no answer is missing.
                #expect(worker.claimAge == nil)
                #expect(worker.unreadiness == nil)
            }
        }
    }

    @Test("The server's figures are read")
    func figures() async throws {
        try await RedisFixture.with(options: ["--maxmemory", "100mb"]) { redis in
            let broker = try #require(BrokerHarness.redis(redis).broker as? RedisJobBroker)
            let figures = try await broker.serverFigures()
            #expect(figures.isAOFEnabled && figures.isAOFWritable && figures.isAOFRewritable)
            #expect(figures.memory > 100_000)
            #expect(figures.memoryLimit == 100 << 20)
        }
    }
}
