// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Messages
import NIOCore
import NIOHTTP1

/// Follows the events of a job or a run to its end, through restarts of the gateway.
struct EventFollower: Sendable {
    let client: GatewayClient
    /// Such as `/v1/runs/ID/events`.
    let path: String
    /// How long the gateway may be away.
    var patience: Duration = .seconds(60)
    /// Told once when the gateway is lost, and once when it is found again.
    var notice: @Sendable (String) -> Void = { _ in }

    /// Calls `body` for each event, in order, each once. Returns the state in which it all ended.
    func follow(_ body: (JobEvent) throws -> Void) async throws -> String {
        var cursor: String?
        var lostSince: ContinuousClock.Instant?
        var pause: Duration = .milliseconds(100)
        while true {
            let before = cursor
            var failure: (any Error)?
            do {
                if let state = try await read(from: &cursor, body) { return state }
            } catch let error as GatewayUnreachable {
                failure = error
            } catch let error as GatewayProblem where error.isPassing {
                failure = error
            }
            if cursor != before, failure == nil { lostSince = nil }
            if failure == nil { pause = .milliseconds(100) }
            let now = ContinuousClock.now
            if lostSince == nil, failure != nil { notice("the gateway is away; waiting for it") }
            let since = lostSince ?? now
            lostSince = failure == nil ? nil : since
            if let failure, now - since > patience { throw failure }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Reads one connection's worth; the final state where it said `end`.
    private func read(from cursor: inout String?, _ body: (JobEvent) throws -> Void) async throws -> String? {
        var request = client.request(.GET, path)
        request.headers.add(name: "accept", value: "text/event-stream")
        if let cursor { request.headers.add(name: "last-event-id", value: cursor) }
        let response = try await client.response(request, timeout: .hours(24 * 365))
        var parser = ServerSentEvents()
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw GatewayUnreachable(url: client.url, cause: "the connection broke")
            }
            guard let piece else { return nil }
            for event in parser.take(piece.readableBytesView) {
                let value = try MessageDecoder.parse(Data(event.data.utf8))
                if event.name == "end" { return value["state"]?.stringValue ?? "ended" }
                try body(MessageDecoder(policy: .lenient).decode(JobEvent.self, from: value))
                cursor = event.id ?? cursor
            }
            guard !parser.isBroken else {
                throw MellamaError("\(client.url) sends an event stream that no gateway sends")
            }
        }
    }
}
