// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Jobs
import Messages
import Telemetry

extension QueueBackend {
    /// Children in flight at once for one `ask`.
    static let window = 16
    /// How long one wait for a child's events lasts; its state is then looked up, should an event have been trimmed.
    static let patience: Duration = .seconds(5)

    func ask(
        _ messages: [JobMessage], key: String, for job: JobEnvelope, control: JobControl,
        onFinish: @escaping @Sendable (Int) -> Void
    ) async throws -> [JobResult] {
        let ids = messages.indices.map { JobID("\(job.id).\(key)-\($0)") }
        guard ids.allSatisfy(\.isWellFormed) else {
            throw JobFailure(
                .internalError, title: "A child's id is too long",
                detail: "job \(job.id) asks with a key that makes an id of more than 200 bytes")
        }
        let (stops, stop) = AsyncStream.makeStream(of: JobControl.StopReason.self)
        control.onStop { stop.yield($0) }
        return try await withThrowingTaskGroup(of: [JobResult]?.self) { group in
            group.addTask { try await collect(messages, ids: ids, for: job, onFinish: onFinish) }
            group.addTask {
                for await reason in stops { throw JobInterruption(reason) }
                return nil
            }
            defer { group.cancelAll() }
            do {
                while let finished = try await group.next() { if let finished { return finished } }
                throw CancellationError()
            } catch let failure as JobFailure {
                // Nobody awaits the others any more.
                for id in ids { _ = try? await broker.cancel(id) }
                throw failure
            } catch {
                if let reason = control.stopReason { throw JobInterruption(reason) }
                throw error
            }
        }
    }

    private func collect(
        _ messages: [JobMessage], ids: [JobID], for job: JobEnvelope, onFinish: @Sendable (Int) -> Void
    ) async throws -> [JobResult] {
        var results: [JobResult] = []
        var submitted = 0
        for (index, id) in ids.enumerated() {
            while submitted < min(ids.count, index + Self.window) {
                try await submit(messages[submitted], id: ids[submitted], for: job)
                submitted += 1
            }
            results.append(try await result(of: id, kind: messages[index].kind))
            onFinish(results.count)
        }
        return results
    }

    /// Submits a child, or finds the one that an earlier attempt of the parent submitted.
    private func submit(_ message: JobMessage, id: JobID, for job: JobEnvelope) async throws {
        let start = TraceSpan.now()
        let run = job.traceparent.flatMap { TraceContext(traceparent: $0) }
        let context = run?.child()
        let receipt = try await patiently {
            try await broker.submit(
                JobSubmission(
                    id: id, message: message, tenant: job.tenant, priority: job.priority, parent: job.id,
                    traceparent: context?.description, deadline: job.deadline))
        }
        if let run, let context, !receipt.isDuplicate {
            let attributes = ["mellama.job": id.rawValue, "mellama.kind": message.kind.rawValue]
            Telemetry.spans.add(
                TraceSpan(
                    "submit", .producer, context: context, parent: run.span, start: start, attributes: attributes))
        }
        // A child that failed an earlier attempt of the parent is given another chance with this one.
        guard receipt.isDuplicate, receipt.state.isTerminal, receipt.state != .succeeded else { return }
        _ = try await patiently { try await broker.retry(id) }
    }

    private func result(of id: JobID, kind: JobKind) async throws -> JobResult {
        var cursor: String?
        while true {
            guard let job = try await patiently({ try await broker.job(id) }) else {
                throw JobFailure.child(id.rawValue, kind, state: "unknown", error: nil)
            }
            if job.state == .succeeded, var result = job.result, let output = result.output {
                result.output = try await unstored(output)
                return result
            }
            if job.state.isTerminal {
                throw JobFailure.child(id.rawValue, kind, state: job.state.rawValue, error: job.error)
            }
            var isOver = false
            while !isOver {
                let after = cursor
                let events = try await patiently {
                    try await broker.events(.job(id), after: after, limit: 100, wait: Self.patience)
                }
                cursor = events.last?.id ?? cursor
                isOver = events.isEmpty || events.contains { $0.kind == .gap || $0.state?.isTerminal == true }
            }
        }
    }

    private func unstored(_ output: JSONValue) async throws -> JSONValue {
        guard let id = output.storedOutput else { return output }
        return try await OwnThread.run {
            try MessageDecoder.parse(Data(FileSystem.read(store.path(of: id), limit: 1 << 30)))
        }
    }

    /// Asks again while the broker is away; the lease decides when that has been too long.
    private func patiently<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        var pause = Duration.milliseconds(50)
        while true {
            do {
                return try await body()
            } catch let error as JobError where error.code == .unavailable {
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            }
        }
    }
}
