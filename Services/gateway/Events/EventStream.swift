// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Jobs
import Logging
import Messages

/// Server-sent events (HTML standard, section 9.2) of one job or run, from a cursor to its end.
///
/// The broker wakes it when there is news; its waits are short, so that it notices when the process is to stop. While
/// the broker is away the stream stays open and goes on when it is back.
struct EventStream: Sendable {
    let source: EventSource
    let limits: Limits
    let shutdown: ShutdownFlag
    let logger: Logger

    typealias Sink = (ByteBuffer) async throws -> Void

    /// Writes events until the job or run has ended, the reader has gone, or the process is to stop. Only the first of
    /// these says `event: end`, so a reader without it asks again with its last event's id.
    func write(after cursor: String?, to sink: Sink) async throws {
        var cursor = cursor
        var lastWrite = ContinuousClock.now
        var nextCheck = ContinuousClock.now
        try await sink(ByteBuffer(string: ": mellama\nretry: 1000\n\n"))
        while !shutdown.isSet, !Task.isCancelled {
            do {
                // The state first: then every event of an ended job is already there to be read.
                let isCheckDue = ContinuousClock.now >= nextCheck
                let finalState = isCheckDue ? try await source.finalState() : nil
                if isCheckDue { nextCheck = ContinuousClock.now + limits.checkInterval }
                let events = try await source.events(
                    after: cursor, limit: limits.eventPage, wait: finalState == nil ? limits.eventWait : .zero)
                if let last = events.last {
                    try await sink(Self.frames(events))
                    cursor = last.id
                    lastWrite = .now
                    if finalState != nil || events.contains(where: { $0.state?.isTerminal == true }) {
                        nextCheck = .now
                    }
                } else if let finalState {
                    try await sink(ByteBuffer(string: "event: end\ndata: {\"state\":\"\(finalState)\"}\n\n"))
                    return
                }
            } catch let error as JobError where error.code == .unavailable {
                logger.warning("event stream waits for the queue", metadata: ["operation": "\(error.operation)"])
                try await Task.sleep(for: limits.eventWait)
            }
            if ContinuousClock.now - lastWrite >= limits.heartbeatInterval {
                try await sink(ByteBuffer(string: ": alive\n\n"))
                lastWrite = .now
            }
        }
    }

    /// The events as frames; their JSON is one line, so one `data:` each.
    static func frames(_ events: [JobEvent]) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        for event in events {
            buffer.writeString("id: \(event.id)\nevent: \(event.kind.rawValue)\ndata: ")
            buffer.writeBytes(try MessageEncoder.encode(event))
            buffer.writeString("\n\n")
        }
        return buffer
    }
}
