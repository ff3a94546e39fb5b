// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An encoder as BERTScore sees it: texts in, a vector a token out.
public protocol TokenEncoder: Sendable {
    /// The name of the weights as results tell it, such as an artifact.
    var name: String { get }

    /// Which weights, exactly: scores of others are not reused.
    var identity: String { get }

    /// Which layer's output the vectors are.
    var layer: Int { get }

    /// The vectors of each text in their order, cut at the encoder's own context. `call` is the same whenever the same
    /// texts are given, as in `LanguageModel`.
    func vectors(of texts: [String], call: String) async throws -> [TokenVectors]
}
