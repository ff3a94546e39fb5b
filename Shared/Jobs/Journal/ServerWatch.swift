// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Knows which server the queue was last seen whole on, and when.
struct ServerWatch: Sendable {
    /// The server that holds all that was accepted; nil before the first replay.
    var server: String?
    /// When it was last seen, ms by our clock; nil where nothing says.
    var contact: Int64?
    /// When the journal was last told.
    var noted: Int64 = 0
    /// Not before then is a replay tried again that could not do all.
    var nextTry: Int64 = 0
}
