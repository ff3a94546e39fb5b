// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Hears of every call and connection of a pool, to count and time them.
///
/// Called on the connections' own threads: it must not block. It is told names of commands and scripts, never
/// arguments. Calls that are meant to block on the server are not told.
public protocol RedisObserver: Sendable {
    /// A call was answered, if only by an error.
    func answered(_ operation: String, after time: Duration)
    /// A call, or making a connection (`connect`), ended with an error.
    func failed(_ operation: String, code: RedisError.Code)
    /// A connection was made; `isReplacement` where an earlier one broke.
    func connected(isReplacement: Bool)
}
