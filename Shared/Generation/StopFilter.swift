// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Watches the text of one answer for strings that end it, and lets through only what can be part of none.
///
/// A string may be spread over any number of tokens: what may still become one is held back. Works on bytes.
struct StopFilter: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether one was found; what comes after it is not text of the answer.
    private(set) var isStopped = false

    init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

    /// Takes the next text, in whole characters, and returns what is definitely part of the answer.
    mutating func append(_ text: String) -> String {
        guard !isStopped else { return "" }
        guard !stops.isEmpty else { return text }
        held += text.utf8
        var end = held.count
        for start in held.indices {
            if stops.contains(where: { held[start...].starts(with: $0) }) {
                isStopped = true
                end = start
                break
            }
            if end == held.count, stops.contains(where: { $0.starts(with: held[start...]) }) { end = start }
        }
        defer { held = isStopped ? [] : Array(held[end...]) }
        return String(decoding: held[..<end], as: UTF8.self)
    }

    /// What was held back and has become no stop string.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
