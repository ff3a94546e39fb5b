// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Messages
import Redis
import ServiceLifecycle

extension Worker {
    /// Two callers: while one waits for its answer, the other reports what has ended since.
    func serve(_ desk: CallDesk) async {
        await withDiscardingTaskGroup { callers in
            for _ in 0..<2 { callers.addTask { await call(desk) } }
        }
        pulse.rests()
    }

    /// Does step after step until no job is held any more.
    private func call(_ desk: CallDesk) async {
        var pause = WorkerPause(limit: configuration.pollLimit)
        await withDiscardingTaskGroup { attempts in
            while true {
                switch await desk.next() {
                case .finish: return
                case .sleep(let due):
                    await sleepUntilWork(pause.untilNextLook(due: due))
                    desk.note { $0.woke() }
                case .call(let ended, let limit):
                    let sent = ContinuousClock.now
                    if limit > 0 { pulse.asks() }
                    do throws(JobError) {
                        let claimed = try await report(ended, claiming: limit)
                        pause.succeeded()
                        // With every slot taken nothing is asked for until one is free again.
                        if limit > 0 { claimed.jobs.count < limit ? pulse.answered() : pulse.rests() }
                        begin(claimed.jobs, sent: sent, desk, in: &attempts)
                        desk.note { plan in
                            plan.reported(ended.count)
                            plan.claimed(claimed.jobs.count, of: limit, due: claimed.nextDue)
                        }
                    } catch {
                        logger.warning("The queue is out of reach; trying again", metadata: ["error": "\(error)"])
                        let left = await endurable(ended, error, pause: pause.afterFailure())
                        desk.note { plan in
                            plan.reported(ended.count - left.count)
                            plan.failed(left, limit: limit)
                        }
                    }
                }
            }
        }
    }

    /// Starts claimed jobs; the call that brought them was sent at `sent`.
    private func begin(
        _ jobs: [JobEnvelope], sent: ContinuousClock.Instant, _ desk: CallDesk, in attempts: inout DiscardingTaskGroup
    ) {
        guard !jobs.isEmpty else { return }
        let held = jobs.map { ($0, JobControl()) }
        keeper.hold(held, sent: sent)
        // Shutdown may have come while the call was under way.
        if isStopping { for (_, control) in held { control.stop(.shuttingDown) } }
        for (envelope, control) in held {
            attempts.addTask { await attempt(envelope, control: control, desk) }
        }
    }

    /// Reports successes and asks for further jobs, in one call.
    private func report(_ ended: [EndedAttempt], claiming limit: Int) async throws(JobError) -> ClaimResult {
        let next =
            limit > 0
            ? ClaimRequest(
                kinds: handler.kinds, worker: id, limit: limit, lease: configuration.lease, loaded: handler.loaded)
            : nil
        let completions = ended.map {
            Completion(job: $0.envelope.id, fence: $0.envelope.fence, result: $0.result)
        }
        let reply = try await broker.complete(completions, thenClaim: next)
        keeper.drop(ended.map(\.envelope))
        for (attempt, refusal) in zip(ended, reply.refusals) {
            let report = AttemptReport.complete(attempt.result)
            if let refusal { await refused(report, refusal, attempt.envelope) }
            noteEnd(of: attempt.envelope, attempt.trace, report, after: attempt.end - attempt.start)
        }
        return reply.claimed
    }

    /// Waits before a failed call is repeated; gives what is still worth reporting then.
    private func endurable(_ ended: [EndedAttempt], _ error: JobError, pause: Duration) async -> [EndedAttempt] {
        guard !ended.isEmpty else {
            await sleep(pause)
            return []
        }
        let isCancelled = Task.isCancelled
        if !isCancelled { try? await Task.sleep(for: pause) }
        let oldest = ContinuousClock.now - reportPatience
        var left: [EndedAttempt] = []
        for attempt in ended {
            guard error.code != .unavailable || isCancelled || attempt.end < oldest else {
                left.append(attempt)
                continue
            }
            let report = AttemptReport.complete(attempt.result)
            await refused(report, error, attempt.envelope)
            keeper.drop([attempt.envelope])
            noteEnd(of: attempt.envelope, attempt.trace, report, after: attempt.end - attempt.start)
        }
        return left
    }

    /// Waits for a token on the wake list; ends early on shutdown.
    private func sleepUntilWork(_ time: Duration) async {
        do {
            try await cancelWhenGracefulShutdown {
                try await broker.waitForWork(kinds: handler.kinds, loaded: handler.loaded, timeout: time)
            }
        } catch {
            // The next claim tells what is wrong, if it still is.
            guard !isStopping else { return }
            logger.debug("Waiting for work was cut short", metadata: ["error": "\(error)"])
            await sleep(.milliseconds(100))
        }
    }

    private func sleep(_ time: Duration) async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: time) }
    }
}
