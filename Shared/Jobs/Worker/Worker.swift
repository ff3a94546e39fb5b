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
    let pulse = WorkerPulse()

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
        let desk = CallDesk(slots: configuration.slots)
        metrics.started(slots: configuration.slots)
        let reclaimer = Reclaimer(broker: broker, interval: configuration.reapInterval, logger: logger)
        await withTaskGroup { group in
            group.addTask { await keeper.run() }
            group.addTask { await reclaimer.run() }
            await withGracefulShutdownHandler {
                await withTaskCancellationHandler {
                    await serve(desk)
                } onCancel: {
                    stop(desk)
                }
            } onGracefulShutdown: {
                stop(desk)
            }
            group.cancelAll()
        }
    }

    private func stop(_ desk: CallDesk) {
        desk.note { $0.stop() }
        keeper.stopAll(.shuttingDown)
    }

    var isStopping: Bool { Task.isCancelled || Task.isShuttingDownGracefully }
}
