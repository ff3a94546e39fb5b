// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A place in a trace, as `traceparent` carries it (W3C Trace Context, version 00).
public struct TraceContext: Sendable, Hashable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits, not all zeros.
    public let trace: String
    /// 16 lower-case hexadecimal digits, not all zeros.
    public let span: String
    /// Whether whoever began the trace wants it recorded.
    public let isSampled: Bool

    /// A place in a trace of its own.
    public init() {
        trace = Self.random(bytes: 16)
        span = Self.random(bytes: 8)
        isSampled = true
    }

    private init(trace: String, span: String, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Reads a `traceparent`; nil where it is none (section 3.2.2 of the recommendation).
    public init?(traceparent text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] == "00",
            parts.allSatisfy(Self.isLowerCaseHexadecimal), parts[1].contains(where: { $0 != "0" }),
            parts[2].contains(where: { $0 != "0" }), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(trace: String(parts[1]), span: String(parts[2]), isSampled: flags & 1 == 1)
    }

    /// A new place below this one.
    public func child() -> TraceContext {
        TraceContext(trace: trace, span: Self.random(bytes: 8), isSampled: isSampled)
    }

    /// The header's value.
    public var description: String { "00-\(trace)-\(span)-\(isSampled ? "01" : "00")" }

    private static func isLowerCaseHexadecimal(_ text: Substring) -> Bool {
        text.utf8.allSatisfy {
            ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
        }
    }

    private static func random(bytes: Int) -> String {
        var text = ""
        while !text.contains(where: { $0 != "0" }) {
            text = ""
            for _ in 0..<bytes {
                let digits = String(UInt8.random(in: 0...255), radix: 16)
                text += digits.utf8.count == 1 ? "0" + digits : digits
            }
        }
        return text
    }
}
