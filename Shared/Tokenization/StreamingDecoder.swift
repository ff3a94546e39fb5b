// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Turns ids into text one at a time, and holds back bytes that do not yet end a character.
///
/// The pieces put together, with ``finish()``, equal ``Tokenizer/decode(_:)`` of all ids at once.
public struct StreamingDecoder: Sendable {
    private let unit: UTF8Repair.Unit
    private let step: @Sendable (TokenID, inout State) -> Void
    private var state = State()

    struct State: Sendable {
        /// Bytes of byte tokens that may still become a character.
        var pending: [UInt8] = []
        /// Text that is final but not handed out.
        var ready: [UInt8] = []
        /// Whether the next piece's leading space is the dummy prefix.
        var isAtStart = true
    }

    init(replacing unit: UTF8Repair.Unit = .byte, step: @escaping @Sendable (TokenID, inout State) -> Void) {
        self.unit = unit
        self.step = step
    }

    /// Takes one id and returns the text that became definite, possibly empty.
    public mutating func append(_ id: TokenID) -> String {
        step(id, &state)
        defer { state.ready.removeAll(keepingCapacity: true) }
        return String(decoding: state.ready, as: UTF8.self)
    }

    /// What was held back: U+FFFD for bytes that never became a character.
    public mutating func finish() -> String {
        UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: true, replacing: unit)
        defer { state.ready.removeAll(keepingCapacity: true) }
        return String(decoding: state.ready, as: UTF8.self)
    }
}
