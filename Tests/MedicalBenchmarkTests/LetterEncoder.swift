// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import MedicalBenchmark
import Synchronization

/// An encoder whose tokens are letters, each with a vector of its own bits.
final class LetterEncoder: TokenEncoder {
    let name = "letters"
    let identity: String
    let layer: Int
    private let texts = Mutex<[String]>([])

    init(identity: String = "letters", layer: Int = 2) {
        self.identity = identity
        self.layer = layer
    }

    /// The texts it was given so far.
    var seen: [String] { texts.withLock { $0 } }

    func vectors(of texts: [String], call: String) async throws -> [TokenVectors] {
        self.texts.withLock { $0 += texts }
        return texts.map(vectors)
    }

    func vectors(of text: String) -> TokenVectors {
        let ids = [1] + text.utf8.map(Int32.init) + [2]
        let values = ids.flatMap { id in (0..<3).map { Float(id >> Int32($0) & 1) + 0.1 * Float(layer) } }
        return TokenVectors(ids: ids, values: values, dimension: 3)
    }
}
