// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How far the streams that tell of news have been read.
struct StreamTips: Sendable, Hashable {
    /// In the stream of all events.
    var events: StreamPosition
    /// In the stream of news of parts; nil for a reader that does not care.
    var news: StreamPosition?

    /// Whether there may be more than somebody has seen who had read up to `seen`.
    func isLater(than seen: StreamTips) -> Bool {
        if events > seen.events { return true }
        guard let seen = seen.news else { return false }
        return news.map { $0 > seen } ?? false
    }
}
