// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A schema over a vocabulary: which tokens may come next at each place, computed once a place and kept.
public final class TokenGrammar: Sendable {
    /// Masks kept; a place beyond them is computed again.
    private static let mostMasks = 4096

    let schema: JSONSchema
    let vocabulary: VocabularyBytes
    private let masks = Mutex<[[Int]: TokenMask]>([:])

    /// Throws where the vocabulary can't even begin an answer.
    public init(_ schema: JSONSchema, vocabulary: VocabularyBytes) throws {
        self.schema = schema
        self.vocabulary = vocabulary
        if mask(at: SchemaState(schema)).count == 0 { throw Self.unwritable }
    }

    static let unwritable = GenerationError(
        .invalidFormat, "schema", "can't be written with the model's vocabulary",
        remedy: "use a model whose tokenizer has a token for every byte")

    /// The walk of one answer.
    func walk() -> GrammarWalk { GrammarWalk(self) }

    /// The tokens that may come at a place.
    func mask(at state: SchemaState) -> TokenMask {
        let key = state.key(schema, longest: vocabulary.longest)
        if let known = masks.withLock({ $0[key] }) { return known }
        let mask = compute(state)
        masks.withLock { masks in
            if masks.count >= Self.mostMasks { masks = [:] }
            masks[key] = mask
        }
        return mask
    }

    private func compute(_ start: SchemaState) -> TokenMask {
        var mask = TokenMask(vocabularySize: vocabulary.vocabularySize)
        let room = start.openString(schema)
        // states[d] is the state after d bytes of the token that was walked last.
        var states = [start]
        // Bytes that the token in hand has in common with that one.
        var common = 0
        for index in vocabulary.ids.indices {
            common = min(common, vocabulary.common[index])
            let plain = vocabulary.plainCharacters[index]
            if let room, plain > 0 {
                if plain <= room { mask.insert(vocabulary.ids[index]) }
                continue
            }
            let bytes = vocabulary[index]
            // What was walked last may have stopped at a byte that this one has too.
            guard common < states.count else { continue }
            states.removeLast(states.count - 1 - common)
            var isAllowed = true
            for byte in bytes.dropFirst(common) {
                var next = states[states.count - 1]
                guard next.take(byte, schema) else {
                    isAllowed = false
                    break
                }
                states.append(next)
            }
            if isAllowed { mask.insert(vocabulary.ids[index]) }
            common = bytes.count
        }
        return mask
    }
}

/// One answer's way through a grammar.
struct GrammarWalk: Sendable {
    private let grammar: TokenGrammar
    private var state: SchemaState

    init(_ grammar: TokenGrammar) {
        self.grammar = grammar
        state = SchemaState(grammar.schema)
    }

    /// Whether the text is whole and nothing may follow.
    var isFinished: Bool { state.isFinished }

    /// Whether the text may end here.
    var isComplete: Bool { state.isComplete(grammar.schema) }

    /// What may come next; the end of the sequence where the text may end.
    func mask(endIDs: Set<Int32>) -> TokenMask {
        var mask = grammar.mask(at: state)
        if isComplete { for id in endIDs { mask.insert(id) } }
        return mask
    }

    /// Takes a token that the mask allows.
    mutating func advance(_ id: Int32) {
        for byte in grammar.vocabulary.bytes(of: id) where !state.take(byte, grammar.schema) {
            preconditionFailure("a token outside the mask")
        }
    }
}
