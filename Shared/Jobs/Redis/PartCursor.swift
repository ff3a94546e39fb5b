// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How far a reader of a job's parts has come: the last part's id and, where that was all there was, how far the streams that
/// tell of news had come then, `<id>/<events>/<news>`.
struct PartCursor: CustomStringConvertible {
    /// Nil for the beginning.
    var position: StreamPosition?
    var tips: StreamTips?

    init(position: StreamPosition?, tips: StreamTips?) {
        self.position = position
        self.tips = tips
    }

    /// Nil where the text is no cursor.
    init?(_ text: String?) {
        guard let text else { return }
        let positions = text.split(separator: "/", omittingEmptySubsequences: false).map { StreamPosition(String($0)) }
        guard !positions.contains(nil), positions.count == 1 || positions.count == 3, let first = positions[0] else {
            return nil
        }
        position = first
        if positions.count == 3, let events = positions[1] { tips = StreamTips(events: events, news: positions[2]) }
    }

    var description: String {
        guard let position else { return "" }
        guard let tips else { return position.description }
        return "\(position)/\(tips.events)/\(tips.news ?? .start)"
    }
}
