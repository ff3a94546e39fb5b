// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An encoder as BERTScore sees it: texts in, a vector a token out.
public protocol TokenEncoder: Sendable {
    /// Which weights, and which layer's output.
    var identity: String { get }

    /// The vectors of each text in their order, cut at the encoder's own context.
    func vectors(of texts: [String], call: String) async throws -> [TokenVectors]
}
