// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Messages
import Redis
import Telemetry

extension Worker {
    /// Handles one claimed job and tells the broker how it ended.
    func attempt(_ envelope: JobEnvelope, control: JobControl) async {
        var logger = logger
        logger[metadataKey: "job"] = "\(envelope.id)"
        logger[metadataKey: "kind"] = "\(envelope.message.kind)"
        let trace = AttemptTrace(envelope)
        if let trace { logger[metadataKey: "trace_id"] = "\(trace.context.trace)" }
        metrics.claimed(envelope)
        trace?.waited(into: spans)
        logger.info("Attempt started", metadata: ["attempt": "\(envelope.attempt)"])
        let start = ContinuousClock.now
        let outcome = await handle(trace?.inside ?? envelope, control: control)
        let report = AttemptReport(outcome: outcome, stopReason: control.stopReason)
        await send(report, for: envelope, logger: logger)
        keeper.drop(envelope)
        metrics.attemptEnded(kind: envelope.message.kind, report: report, after: .now - start)
        trace?.ended(report, into: spans)
        logger.info("Attempt ended", metadata: ["outcome": "\(report.name)"])
    }

    /// Runs the handler in a task that a cancellation or a lost lease cancels; a shutdown only asks.
    private func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome {
        let alarm = Alarm()
        control.onStop { reason in
            if reason != .shuttingDown { alarm.ring() }
        }
        return await withTaskGroup(of: JobOutcome?.self) { group in
            group.addTask { await handler.handle(envelope, control: control) }
            group.addTask {
                await alarm.wait()
                return nil
            }
            var outcome: JobOutcome?
            for await ended in group {
                // Either the work is over, or it has to be.
                group.cancelAll()
                outcome = outcome ?? ended
            }
            return outcome ?? .interrupted
        }
    }

    /// Reports until the broker has answered. Every report may come twice, and a stale one is refused.
    private func send(_ report: AttemptReport, for envelope: JobEnvelope, logger: Logger) async {
        let deadline = ContinuousClock.now + max(configuration.lease * 4, .seconds(60))
        var backoff = ReconnectBackoff(first: .milliseconds(50), cap: .seconds(1))
        while true {
            do {
                try await send(report, for: envelope)
                return
            } catch {
                guard error.code == .unavailable, ContinuousClock.now < deadline, !Task.isCancelled else {
                    logger.warning(
                        "The outcome was not taken", metadata: ["outcome": "\(report.name)", "error": "\(error)"])
                    await failUntakable(report, error, envelope)
                    return
                }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// A result that the broker will never take is the job's error; any other refusal needs no further word.
    private func failUntakable(_ report: AttemptReport, _ error: JobError, _ envelope: JobEnvelope) async {
        guard case .complete = report, error.code == .malformed else { return }
        let failure = JobFailure(.internalError, title: "The result can't be stored", detail: error.description)
        _ = try? await broker.fail(envelope.id, fence: envelope.fence, failure: failure, retryAfter: .zero)
    }

    private func send(_ report: AttemptReport, for envelope: JobEnvelope) async throws(JobError) {
        let (id, fence) = (envelope.id, envelope.fence)
        switch report {
        case .complete(let result): try await broker.complete(id, fence: fence, result: result)
        case .release: try await broker.release(id, fence: fence)
        case .confirmCancelled: try await broker.confirmCancelled(id, fence: fence)
        case .fail(let failure):
            let pause = configuration.retryPolicy.pause(afterAttempt: envelope.attempt)
            try await broker.fail(id, fence: fence, failure: failure, retryAfter: pause)
        }
    }
}
