// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The encoder whose token vectors give summaries their BERTScore.
public struct SummaryEncoder: Codable, Sendable, Hashable {
    /// A BERT encoder's folder. An artifact or a path, never a remote model: restricted texts may be put to it.
    public var model: DataReference
    /// Which layer's output: 0 is the embeddings. The paper's code takes layer 9 of bert-base-multilingual-cased.
    public var layer: Int
    /// Whether a token weighs by its inverse document frequency in the references. Default false.
    public var idf: Bool?

    public init(model: DataReference, layer: Int, idf: Bool? = nil) {
        self.model = model
        self.layer = layer
        self.idf = idf
    }

    func validate(_ path: String) throws(MessageError) { try Bound.range(layer, 0...1024, "\(path).layer") }
}
