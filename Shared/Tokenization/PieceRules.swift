// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Which strings may become pieces in training (sentencepiece's `IsValidSentencePiece` with LLaMA-2's settings).
struct PieceRules: Sendable {
    let maximumLength: Int

    /// Whether these scalars may be one piece: not too long, spaces only in front or alone, digits alone, one script.
    func allow(_ scalars: [UInt32]) -> Bool {
        guard !scalars.isEmpty, scalars.count <= maximumLength else { return false }
        let isOnlySpaces = scalars.allSatisfy { $0 == SymbolTable.spaceScalar }
        var script: UInt8?
        for (place, scalar) in scalars.enumerated() {
            guard WordCounts.isTrainable(scalar), scalar != 0x20 else { return false }
            if scalar == SymbolTable.spaceScalar {
                if place > 0, !isOnlySpaces { return false }
                continue
            }
            if scalars.count > 1, (0x30...0x39).contains(scalar) || (0xFF10...0xFF19).contains(scalar) { return false }
            var own: UInt8? = UnicodeScript.number(scalar)
            if own == UnicodeScript.inherited { own = script }
            if let own, let script, own != script { return false }
            script = own
        }
        return true
    }
}
