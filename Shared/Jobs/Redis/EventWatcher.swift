// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Redis
import Synchronization

/// Wakes those who wait for events or parts, however many, with one blocking read of two streams: all events, and the
/// news of parts.
///
/// Its thread reads only while somebody waits. It tells that something may be there, never what: the waiter reads for
/// itself, so that nothing is lost when this connection breaks.
final class EventWatcher: Sendable {
    private struct Progress {
        /// How far the thread has read; nobody reads while it is `nil`.
        var tips: StreamTips?
        /// Since when nobody has waited.
        var idleSince: ContinuousClock.Instant?
    }

    private let configuration: RedisConfiguration
    private let streams: (events: String, news: String)
    private let room = WaitingRoom<EventScope>()
    private let progress = Mutex(Progress())
    private let thread = BlockingThread(name: "redis-events")

    init(configuration: RedisConfiguration, streams: (events: String, news: String)) {
        self.configuration = configuration
        self.streams = streams
    }

    /// Returns when something of the scope may have come after `tips`, when the time is over, or on cancellation.
    func wait(for scope: EventScope, after tips: StreamTips, timeout: Duration) async {
        await room.wait(for: [scope], timeout: timeout) { self.hasPassed(tips) }
    }

    /// Whether the thread has read past what the waiter saw, so that its event may have gone by; starts the reading.
    private func hasPassed(_ seen: StreamTips) -> Bool {
        let (hasPassed, mustStart) = progress.withLock { progress in
            if let tips = progress.tips { return (tips.isLater(than: seen), false) }
            progress.tips = seen
            return (false, true)
        }
        if mustStart { thread.perform { self.read() } }
        return hasPassed
    }

    /// The thread's body: reads until nobody has waited for a while, or until the connection breaks.
    private func read() {
        do throws(RedisError) {
            let session = try RedisSession(configuration: configuration)
            defer { session.close() }
            while let tips = tipsWhileAwaited() {
                // Of the news from its start where nobody knew better: that wakes some in vain, once.
                let command = RedisCommand(
                    "XREAD", "COUNT", "1000", "BLOCK", "500", "STREAMS", streams.events, streams.news,
                    tips.events.description, (tips.news ?? .start).description)
                let reply = try session.exchange([command], timeout: .seconds(6))[0]
                if case .error(let error) = reply { throw error }
                for part in reply.array ?? [] {
                    guard let pair = part.array, pair.count == 2, let entries = pair[1].array else { continue }
                    deliver(entries, ofNews: pair[0].string == streams.news)
                }
            }
            stop()
        } catch {
            // The waiters' own reads report what is wrong; a pause keeps them from asking in a tight loop.
            thread.perform(after: .milliseconds(100)) { self.stop() }
        }
    }

    /// Where to read on; `nil` three seconds after the last waiter has gone, as who waits once often waits again.
    private func tipsWhileAwaited() -> StreamTips? {
        let isIdle = room.isEmpty
        return progress.withLock { progress in
            guard isIdle else {
                progress.idleSince = nil
                return progress.tips
            }
            let since = progress.idleSince ?? .now
            progress.idleSince = since
            return ContinuousClock.now - since > .seconds(3) ? nil : progress.tips
        }
    }

    /// Nobody reads from now on: whoever came in the meantime looks for itself and starts the reading anew.
    private func stop() {
        progress.withLock { $0 = Progress() }
        room.wakeAll()
    }

    private func deliver(_ entries: [RESPValue], ofNews isNews: Bool) {
        var scopes: Set<EventScope> = []
        var last: StreamPosition?
        for entry in entries {
            guard let parts = entry.array, parts.count == 2, let fields = parts[1].dictionary else { continue }
            last = parts[0].string.flatMap { StreamPosition($0) } ?? last
            if !isNews { scopes.insert(.all) }
            if let job = fields["j"]?.string { scopes.insert(.job(JobID(job))) }
            if let run = fields["r"]?.string { scopes.insert(.run(RunID(run))) }
        }
        guard let last else { return }
        progress.withLock { progress in
            if isNews { progress.tips?.news = last } else { progress.tips?.events = last }
        }
        room.wake(scopes)
    }
}
