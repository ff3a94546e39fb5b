// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import mellama

@Suite("Server-sent events are taken apart however their bytes arrive")
struct ServerSentEventTests {
    static let stream = """
        : mellama
        retry: 1000

        id: 1-0
        event: state
        data: {"a": 1}

        : alive

        id: 2-0
        data: one
        data: two

        event: end
        data: {"state":"succeeded"}


        """

    static let expected: [ServerSentEvents.Event] = [
        .init(id: "1-0", name: "state", data: "{\"a\": 1}"), .init(id: "2-0", name: "message", data: "one\ntwo"),
        .init(id: "2-0", name: "end", data: "{\"state\":\"succeeded\"}"),
    ]

    @Test("In pieces of every size, with every line end", arguments: ["\n", "\r\n", "\r"], [1, 2, 3, 7, 1000])
    func pieces(_ lineEnd: String, _ size: Int) {
        let lines = Self.stream.split(separator: "\n", omittingEmptySubsequences: false)
        let bytes = Array(lines.joined(separator: lineEnd).utf8)
        var parser = ServerSentEvents()
        var events: [ServerSentEvents.Event] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            events += parser.take(bytes[start..<min(bytes.count, start + size)])
        }
        #expect(events == Self.expected)
        #expect(!parser.isBroken)
    }

    @Test("An event that was cut is none")
    func cut() {
        var parser = ServerSentEvents()
        #expect(parser.take(Array("id: 1-0\ndata: x\n".utf8)).isEmpty)
    }

    @Test("A line without end is given up")
    func endless() {
        var parser = ServerSentEvents()
        _ = parser.take(repeatElement(UInt8(ascii: "x"), count: ServerSentEvents.maximumLine + 2))
        #expect(parser.isBroken)
    }
}
