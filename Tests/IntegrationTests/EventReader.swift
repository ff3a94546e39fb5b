// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import Messages
import NIOCore
import NIOHTTP1

/// Reads server-sent events as a browser does: from the last event's id where a stream was cut.
struct EventReader {
    let gateway: StackClient
    let path: String
    private(set) var events: [JobEvent] = []
    /// What the frame `end` said, once it came.
    private(set) var endState: String?

    init(gateway: StackClient, path: String) {
        self.gateway = gateway
        self.path = path
    }

    /// Reads one stream, until it ends or `isEnough`; the connection is dropped then.
    mutating func read(until isEnough: ([JobEvent]) -> Bool) async throws {
        var request = HTTPClientRequest(url: gateway.url + path)
        request.headers.add(name: "accept", value: "text/event-stream")
        if let last = events.last { request.headers.add(name: "last-event-id", value: last.id) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        guard response.status == .ok, response.headers["content-type"] == ["text/event-stream"] else {
            throw StackError("\(path): status \(response.status.code), no event stream")
        }
        var buffered = ""
        var bytes: [UInt8] = []
        for try await piece in response.body {
            bytes += piece.readableBytesView
            guard let text = String(bytes: bytes, encoding: .utf8) else { continue }
            bytes = []
            buffered += text
            while let end = buffered.range(of: "\n\n") {
                try take(frame: String(buffered[..<end.lowerBound]))
                buffered.removeSubrange(..<end.upperBound)
            }
            if endState != nil || isEnough(events) { return }
        }
    }

    private mutating func take(frame: String) throws {
        var fields: [String: String] = [:]
        for line in frame.split(separator: "\n") where !line.hasPrefix(":") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        guard let data = fields["data"] else { return }
        let value = try MessageDecoder.parse(Data(data.utf8))
        if fields["event"] == "end" {
            endState = value["state"]?.stringValue
            return
        }
        let event = try MessageDecoder(policy: .lenient).decode(JobEvent.self, from: value)
        guard fields["id"] == event.id, fields["event"] == event.kind.rawValue else {
            throw StackError("a frame whose id or name is not its event's")
        }
        events.append(event)
    }
}
