// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Takes a stream of bytes apart into server-sent events (HTML standard, section 9.2.6).
struct ServerSentEvents: Sendable {
    /// One event.
    struct Event: Sendable, Hashable {
        var id: String?
        var name: String
        var data: String
    }

    /// A line longer than this ends the stream: no event of ours is.
    static let maximumLine = 4 << 20

    private var line: [UInt8] = []
    private var id: String?
    private var name = ""
    private var data: [String] = []
    private var wasCarriageReturn = false
    /// Whether a line was too long: the rest can't be trusted.
    private(set) var isBroken = false

    /// The events that the bytes complete.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes where !isBroken {
            let isSecondHalf = wasCarriageReturn && byte == UInt8(ascii: "\n")
            wasCarriageReturn = byte == UInt8(ascii: "\r")
            if isSecondHalf { continue }
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                line.append(byte)
                isBroken = line.count > Self.maximumLine
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer {
                name = ""
                data = []
            }
            guard !data.isEmpty else { return nil }
            return Event(id: id, name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : ""
        if value.first == " " { value = value.dropFirst() }
        switch parts[0] {
        case "id": id = String(value)
        case "event": name = String(value)
        case "data": data.append(String(value))
        default: break
        }
        return nil
    }
}
