// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A stretch of time in a trace. It holds ids, kinds, states and times, never what a job carries.
public struct TraceSpan: Sendable, Hashable {
    /// OpenTelemetry's kinds of spans that we make, by their numbers on the wire.
    public enum Kind: Int, Sendable { case `internal` = 1, producer = 4, consumer = 5 }

    public var name: String
    public var kind: Kind
    public var context: TraceContext
    /// The span it is below.
    public var parent: String?
    /// Nanoseconds since 1970.
    public var start: Int64
    public var end: Int64
    public var attributes: [String: String]
    public var isError: Bool

    public init(
        _ name: String, _ kind: Kind, context: TraceContext, parent: String?, start: Int64, end: Int64 = Self.now(),
        attributes: [String: String] = [:], isError: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.start = start
        self.end = end
        self.attributes = attributes
        self.isError = isError
    }

    /// The time of day in nanoseconds since 1970.
    public static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The span as OTLP's JSON writes it (opentelemetry.io/docs/specs/otlp, JSON Protobuf encoding).
    var json: String {
        var text = "{\"traceId\":\"\(context.trace)\",\"spanId\":\"\(context.span)\","
        if let parent { text += "\"parentSpanId\":\"\(parent)\"," }
        text += "\"name\":\(LineLogHandler.quoted(name)),\"kind\":\(kind.rawValue),"
        text += "\"startTimeUnixNano\":\"\(start)\",\"endTimeUnixNano\":\"\(max(start, end))\","
        text += "\"attributes\":\(Self.json(attributes))"
        // 2 is an error; nothing is said of the others.
        return text + (isError ? ",\"status\":{\"code\":2}}" : "}")
    }

    private static func json(_ attributes: [String: String]) -> String {
        let members = attributes.sorted { $0.key < $1.key }.map { key, value in
            "{\"key\":\(LineLogHandler.quoted(key)),\"value\":{\"stringValue\":\(LineLogHandler.quoted(value))}}"
        }
        return "[\(members.joined(separator: ","))]"
    }

    /// One request to a collector.
    public static func request(_ spans: [TraceSpan], resource: [String: String]) -> String {
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":\(json(resource))},\"scopeSpans\":[{\"scope\":"
            + "{\"name\":\"mellama\"},\"spans\":[\(spans.map(\.json).joined(separator: ","))]}]}]}"
    }
}
