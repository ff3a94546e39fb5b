// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Logging
import Messages
import Synchronization

/// Brings the parts of answers that this process writes to the broker: whatever has come during one call goes with the
/// next, of all jobs together.
///
/// Parts are for whoever reads along; the result has them all. So nobody waits for them here: what a broker that is away
/// does not take goes again, and above a bound is dropped. A reader tells by `GenerationPart.position` what came twice or
/// is missing, and has the rest from the result.
final class PartDesk: Sendable {
    /// Parts that wait at most; more than that is dropped, the newest first.
    static let capacity = 4096
    /// How many go in one call.
    private static let batch = 256
    /// What a part waits for those of the other answers that the same step has written.
    private static let company: Duration = .milliseconds(1)

    private struct Entry {
        let part: JobPart
        let control: JobControl
    }

    private struct State {
        var waiting: [Entry] = []
        /// Whether somebody brings them at the moment.
        var isBusy = false
    }

    private let broker: any JobBroker
    private let logger: Logger
    private let state = Mutex(State())

    init(broker: any JobBroker, logger: Logger) {
        self.broker = broker
        self.logger = logger
    }

    /// Takes a part; returns at once. From any thread.
    func publish(_ part: JobPart, control: JobControl) {
        let mustBegin = state.withLock { state in
            guard state.waiting.count < Self.capacity else { return false }
            state.waiting.append(Entry(part: part, control: control))
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if mustBegin { Task { await deliver() } }
    }

    /// Brings what there is until there is nothing.
    private func deliver() async {
        var pause = Duration.milliseconds(20)
        while true {
            try? await Task.sleep(for: Self.company)
            guard let entries = next() else { return }
            if await deliver(entries) {
                pause = .milliseconds(20)
            } else {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func next() -> [Entry]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil
            }
            let entries = Array(state.waiting.prefix(Self.batch))
            state.waiting.removeFirst(entries.count)
            return entries
        }
    }

    /// Whether the broker answered; where not, they are waiting again.
    private func deliver(_ entries: [Entry]) async -> Bool {
        do throws(JobError) {
            let replies = try await broker.publish(entries.map(\.part))
            for (entry, reply) in zip(entries, replies) {
                switch reply {
                case .held: continue
                // Long before the next heartbeat: whoever asked for the answer has gone.
                case .cancelRequested: entry.control.stop(.cancelled)
                case .stale: entry.control.stop(.leaseLost)
                }
            }
        } catch {
            logger.debug("Parts of answers were not taken", metadata: ["error": "\(error)"])
            // A job that was stopped meanwhile has no reader any more.
            let left = entries.filter { $0.control.stopReason != .cancelled && $0.control.stopReason != .leaseLost }
            if error.code == .unavailable { state.withLock { $0.waiting.insert(contentsOf: left, at: 0) } }
            return error.code != .unavailable
        }
        return true
    }
}
