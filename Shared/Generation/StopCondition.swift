// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Watches the text of one answer for strings that end it, also where they cross token boundaries.
///
/// Works on the bytes of the text: a token may end in the middle of a character, and then the text so far ends in
/// replacement characters that the next token mends. Those are held back, never matched.
public struct StopCondition: Sendable {
    private let stops: [[UInt8]]
    private let longest: Int
    private var searched = 0

    public init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }
        longest = self.stops.map(\.count).max() ?? 0
    }

    public var isEmpty: Bool { stops.isEmpty }

    /// The byte length of the answer before the first stop string, or nil while there is none.
    ///
    /// `text` is the whole answer so far and only grows from call to call, apart from its held-back end.
    public mutating func end(in text: String) -> Int? {
        guard longest > 0 else { return nil }
        let bytes = Array(text.utf8)
        let start = max(0, min(searched, bytes.count) - longest + 1)
        var found: Int?
        for stop in stops where bytes.count >= stop.count {
            guard start <= bytes.count - stop.count else { continue }
            for position in start...(bytes.count - stop.count) {
                if let found, position >= found { break }
                if bytes[position..<(position + stop.count)].elementsEqual(stop) {
                    found = position
                    break
                }
            }
        }
        searched = bytes.count - Self.unsettled(bytes)
        return found
    }

    /// Bytes at the end that a later token may still change: up to three replacement characters.
    private static func unsettled(_ bytes: [UInt8]) -> Int {
        let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
        var count = 0
        while count < 9, bytes.count >= count + 3,
            bytes[(bytes.count - count - 3)..<(bytes.count - count)].elementsEqual(replacement)
        {
            count += 3
        }
        return count
    }
}
