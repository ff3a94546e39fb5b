// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Messages
import Redis
import Telemetry

extension Worker {
    /// How long the end of an attempt is reported, again and again, before it is given up.
    var reportPatience: Duration { max(configuration.lease * 4, .seconds(60)) }

    /// Handles one claimed job. A success is left to the callers, who report many at once; any other end is reported
    /// from here.
    func attempt(_ envelope: JobEnvelope, control: JobControl, _ desk: CallDesk) async {
        let trace = AttemptTrace(envelope)
        metrics.claimed(envelope)
        trace?.waited(into: spans)
        logger.info("Attempt started", metadata: names(of: envelope, ["attempt": "\(envelope.attempt)"]))
        let start = ContinuousClock.now
        let outcome = await handle(trace?.inside ?? envelope, control: control)
        let report = AttemptReport(outcome: outcome, stopReason: control.stopReason)
        if case .complete(let result) = report {
            let ended = EndedAttempt(envelope: envelope, trace: trace, result: result, start: start, end: .now)
            desk.note { $0.succeeded(ended) }
            return
        }
        await send(report, for: envelope)
        keeper.drop([envelope])
        noteEnd(of: envelope, trace, report, after: .now - start)
        desk.note { $0.settled() }
    }

    /// Counts and logs an attempt that ended and was reported.
    func noteEnd(of envelope: JobEnvelope, _ trace: AttemptTrace?, _ report: AttemptReport, after time: Duration) {
        metrics.attemptEnded(kind: envelope.message.kind, report: report, after: time)
        trace?.ended(report, into: spans)
        logger.info("Attempt ended", metadata: names(of: envelope, ["outcome": "\(report.name)"]))
    }

    /// What every line about an attempt says; made only where the line is written.
    private func names(
        of envelope: JobEnvelope, _ more: @autoclosure () -> Logger.Metadata
    ) -> Logger.Metadata? {
        guard logger.logLevel <= .info else { return nil }
        var names: Logger.Metadata = ["job": "\(envelope.id)", "kind": "\(envelope.message.kind)"]
        if let trace = envelope.traceparent.flatMap({ TraceContext(traceparent: $0) }) {
            names["trace_id"] = "\(trace.trace)"
        }
        return names.merging(more()) { $1 }
    }

    /// Runs the handler in a task that a cancellation or a lost lease cancels; a shutdown only asks.
    private func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome {
        // Already on a thread of the pool: a second hop would only cost.
        let work = Task.immediate { await handler.handle(envelope, control: control) }
        control.onStop { reason in
            if reason != .shuttingDown { work.cancel() }
        }
        return await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
    }

    /// Reports until the broker has answered. Every report may come twice, and a stale one is refused.
    private func send(_ report: AttemptReport, for envelope: JobEnvelope) async {
        let deadline = ContinuousClock.now + reportPatience
        var backoff = ReconnectBackoff(first: .milliseconds(50), cap: .seconds(1))
        while true {
            do {
                try await tell(report, of: envelope)
                return
            } catch {
                guard error.code == .unavailable, ContinuousClock.now < deadline, !Task.isCancelled else {
                    await refused(report, error, envelope)
                    return
                }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// An outcome that the broker will not take. A result that it never will is the job's error; any other refusal
    /// needs no further word.
    func refused(_ report: AttemptReport, _ error: JobError, _ envelope: JobEnvelope) async {
        logger.warning(
            "The outcome was not taken",
            metadata: [
                "job": "\(envelope.id)", "kind": "\(envelope.message.kind)", "outcome": "\(report.name)",
                "error": "\(error)",
            ])
        guard case .complete = report, error.code == .malformed else { return }
        let failure = JobFailure(.internalError, title: "The result can't be stored", detail: error.description)
        _ = try? await broker.fail(envelope.id, fence: envelope.fence, failure: failure, retryAfter: .zero)
    }

    private func tell(_ report: AttemptReport, of envelope: JobEnvelope) async throws(JobError) {
        let (id, fence) = (envelope.id, envelope.fence)
        switch report {
        case .complete(let result): try await broker.complete(id, fence: fence, result: result)
        case .release: try await broker.release(id, fence: fence)
        case .confirmCancelled: try await broker.confirmCancelled(id, fence: fence)
        case .fail(let failure):
            // Not after crashes and interruptions: they are no errors.
            let pause = configuration.retryPolicy.pause(afterAttempt: (envelope.errors ?? 0) + 1)
            try await broker.fail(id, fence: fence, failure: failure, retryAfter: pause)
        }
    }
}
