// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The text of one answer as it is written: decoded, cut at a stop string, handed out in pieces that stay.
struct AnswerText: Sendable {
    private var stream: (any TextStream)?
    private var filter: StopFilter
    /// All pieces so far.
    private(set) var text = ""

    var isStopped: Bool { filter.isStopped }

    /// Without a stream there is no text.
    init(_ stream: (any TextStream)?, stop: [String]) {
        self.stream = stream
        filter = StopFilter(stop)
    }

    /// Takes a token and returns the text that is now certain.
    mutating func append(_ id: Int32) -> String {
        let piece = filter.append(stream?.append(id) ?? "")
        text += piece
        return piece
    }

    /// Returns what was held back; it may still turn out to hold a stop string.
    mutating func finish() -> String {
        let piece = filter.append(stream?.finish() ?? "") + filter.finish()
        text += piece
        return piece
    }
}
