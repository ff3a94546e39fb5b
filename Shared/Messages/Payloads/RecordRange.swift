// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A half-open range of records as people write it: `0..<400`, or `400..<` to the end.
public enum RecordRange {
    /// The bounds; an open end is `Int.max`. Nil where the text is no range.
    public static func parse(_ text: String) -> Range<Int>? {
        guard let dots = text.firstIndex(of: ".") else { return nil }
        let rest = text[dots...]
        guard rest.hasPrefix("..<"), let lower = Int(text[..<dots]), lower >= 0 else { return nil }
        let end = rest.dropFirst(3)
        guard let upper = end.isEmpty ? Int.max : Int(end), upper > lower else { return nil }
        return lower..<upper
    }

    static func check(_ text: String, _ path: String) throws(MessageError) {
        try Bound.require(parse(text) != nil, path, "is no range of records; write 0..<400, or 400..< to the end")
    }
}
