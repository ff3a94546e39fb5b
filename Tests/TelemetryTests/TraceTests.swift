// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Telemetry

@Suite("Traces: contexts, spans, and the buffer that never grows")
struct TraceTests {
    @Test func aTraceparentIsReadAndContinued() throws {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let context = try #require(TraceContext(traceparent: given))
        #expect(context.description == given)
        #expect(context.isSampled)
        let child = context.child()
        #expect(child.trace == context.trace)
        #expect(child.span != context.span)
        #expect(TraceContext(traceparent: child.description) == child)
        #expect(TraceContext(traceparent: "\(TraceContext())") != nil)
        #expect(TraceContext(traceparent: given.dropLast(2) + "00")?.isSampled == false)
    }

    @Test(
        "What is no trace context is told apart",
        arguments: [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "00-0-0-01", "",
        ])
    func badContexts(_ text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test func aSpanIsOTLP() throws {
        let context = TraceContext()
        let span = TraceSpan(
            "run", .consumer, context: context, parent: "b7ad6b7169203331", start: 5, end: 3,
            attributes: ["mellama.job": "a\"b"], isError: true)
        let text = TraceSpan.request([span], resource: ["service.name": "trainer"])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let resource = try #require((json["resourceSpans"] as? [[String: Any]])?.first)
        let scope = try #require((resource["scopeSpans"] as? [[String: Any]])?.first)
        let found = try #require((scope["spans"] as? [[String: Any]])?.first)
        #expect(found["traceId"] as? String == context.trace)
        #expect(found["spanId"] as? String == context.span)
        #expect(found["parentSpanId"] as? String == "b7ad6b7169203331")
        #expect(found["kind"] as? Int == 5)
        #expect(found["startTimeUnixNano"] as? String == "5")
        // A clock that was set back makes no negative time.
        #expect(found["endTimeUnixNano"] as? String == "5")
        #expect((found["status"] as? [String: Int]) == ["code": 2])
        #expect(text.contains(#"{"key":"mellama.job","value":{"stringValue":"a\"b"}}"#))
        #expect(text.contains(#"{"key":"service.name","value":{"stringValue":"trainer"}}"#))
    }

    @Test func theBufferIsBounded() throws {
        let buffer = TraceBuffer()
        let span = TraceSpan("run", .consumer, context: TraceContext(), parent: nil, start: 0)
        buffer.add(span)
        #expect(buffer.take(10).isEmpty, "nobody exports: nothing is kept")
        buffer.open()
        for _ in 0..<(TraceBuffer.capacity + 10) { buffer.add(span) }
        let unsampled = try #require(
            TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
        #expect(buffer.take(100).count == 100)
        buffer.add(TraceSpan("run", .consumer, context: unsampled, parent: nil, start: 0))
        #expect(buffer.take(.max).count == TraceBuffer.capacity - 100)
    }
}
