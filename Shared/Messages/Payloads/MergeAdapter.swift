// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `train.merge`: a model with an adapter's product added to its weights.
public struct MergeAdapter: JobPayload, Hashable {
    public enum ElementType: String, Codable, Sendable { case float32, bfloat16 }

    public var model: DataReference
    public var adapter: DataReference
    /// How the merged weights are stored; they are computed in float32 and rounded once. Default float32.
    public var dtype: ElementType?

    public init(model: DataReference, adapter: DataReference, dtype: ElementType? = nil) {
        self.model = model
        self.adapter = adapter
        self.dtype = dtype
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case model }
        public var model: DataReference
        public init(model: DataReference) { self.model = model }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { [model, adapter] }
}
