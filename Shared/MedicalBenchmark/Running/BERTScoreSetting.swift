// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What decides a BERTScore beside the texts.
public struct BERTScoreSetting: Codable, Sendable, Hashable {
    /// The encoder's weights.
    public let encoder: String
    public let layer: Int
    /// Whether tokens weigh by inverse document frequency in the references.
    public let idf: Bool
    /// All of it in one line, in the form of bert_score's own: figures compare only where it is the same.
    public let hash: String

    init(_ encoder: any TokenEncoder, idf: Bool) {
        self.encoder = encoder.name
        layer = encoder.layer
        self.idf = idf
        hash = "\(encoder.name)_L\(encoder.layer)\(idf ? "_idf" : "_no-idf")_version=1(mellama)"
    }

    /// What is to be done for one.
    static let howTo =
        "name a BERT encoder and its layer in the evaluation, \"encoder\": {\"model\": …, \"layer\": 9}"
}
