// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Logging
import Messages
public import ServiceLifecycle
public import Telemetry

/// Takes jobs from the queue and has them handled, until shut down: claim, else sleep on the wake list, claim again.
///
/// One task group holds it all: the slots, the lease keeper on its own thread, the reclaimer. A graceful shutdown ends
/// the claiming at once, asks running jobs to stop, and returns when they have; what they leave goes back to the queue.
/// While the broker is away it keeps trying, at least once a second.
public struct Worker: Service {
    /// Who it is to the broker.
    public let id: WorkerID
    let broker: any JobBroker
    let handler: any ClaimedJobHandler
    let configuration: WorkerConfiguration
    let keeper: LeaseKeeper
    let logger: Logger
    let metrics = WorkerMetrics()
    let spans: TraceBuffer
    private let pulse = WorkerPulse()

    /// A worker for the handler's kinds.
    public init(
        id: WorkerID, broker: any JobBroker, handler: any ClaimedJobHandler,
        configuration: WorkerConfiguration = .init(), spans: TraceBuffer = Telemetry.spans, logger: Logger
    ) {
        self.id = id
        self.broker = broker
        self.handler = handler
        self.configuration = configuration
        self.spans = spans
        var logger = logger
        logger[metadataKey: "worker"] = "\(id)"
        self.logger = logger
        keeper = LeaseKeeper(
            broker: broker, lease: configuration.lease, pulse: pulse, metrics: metrics, logger: logger)
    }

    /// Why it is no use as a worker now, or nil: it asks for jobs and has had no answer for three times the longest
    /// pause between two looks. A worker whose slots are all taken asks for nothing, and is ready.
    public var unreadiness: String? {
        guard let age = pulse.claimAge, age > configuration.pollLimit * 3 else { return nil }
        return "no answer to a claim for \(Int(age / .seconds(1))) s; is Redis out of reach?"
    }

    /// Since the last answer to a claim; nil while every slot is taken.
    public var claimAge: Duration? { pulse.claimAge }

    /// Works until a graceful shutdown or cancellation; returns when no job is held any more.
    public func run() async throws {
        let reclaimer = Reclaimer(broker: broker, interval: configuration.reapInterval, logger: logger)
        await withTaskGroup { group in
            group.addTask { await keeper.run() }
            group.addTask { await reclaimer.run() }
            await withGracefulShutdownHandler {
                await withTaskCancellationHandler {
                    await claimUntilStopped()
                } onCancel: {
                    keeper.stopAll(.shuttingDown)
                }
            } onGracefulShutdown: {
                keeper.stopAll(.shuttingDown)
            }
            group.cancelAll()
        }
    }

    private var isStopping: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    private func claimUntilStopped() async {
        await withTaskGroup(of: Void.self) { slots in
            var free = max(1, configuration.slots)
            var pause = WorkerPause(limit: configuration.pollLimit)
            metrics.started(slots: free)
            defer { pulse.rests() }
            while !isStopping {
                if free == 0 {
                    pulse.rests()
                    await slots.next()
                    free += 1
                    continue
                }
                let sent = ContinuousClock.now
                pulse.asks()
                do {
                    let claimed = try await broker.claim(
                        kinds: handler.kinds, worker: id, limit: free, lease: configuration.lease)
                    pulse.answered()
                    pause.succeeded()
                    free -= claimed.jobs.count
                    for envelope in claimed.jobs {
                        let control = JobControl()
                        keeper.hold(envelope, control: control, sent: sent)
                        // Shutdown may have come while the claim was under way.
                        if isStopping { control.stop(.shuttingDown) }
                        slots.addTask { await attempt(envelope, control: control) }
                    }
                    if claimed.jobs.isEmpty { await sleepUntilWork(pause.untilNextLook(due: claimed.nextDue)) }
                } catch {
                    logger.warning("The queue is out of reach; trying again", metadata: ["error": "\(error)"])
                    await sleep(pause.afterFailure())
                }
            }
        }
    }

    /// Waits for a token on the wake list; ends early on shutdown.
    private func sleepUntilWork(_ time: Duration) async {
        do {
            try await cancelWhenGracefulShutdown {
                try await broker.waitForWork(kinds: handler.kinds, timeout: time)
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
