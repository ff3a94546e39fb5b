// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `model.import`, `model.quantize`, `model.export`: a model's files turned into another format or precision.
///
/// The three do the same and differ in what they do unless told otherwise: safetensors in float32, GGUF in Q8_0, and
/// GGUF in float32.
public struct ConvertModel: JobPayload, Hashable {
    /// What holds the weights.
    public enum Format: String, Codable, Sendable, CaseIterable { case safetensors, gguf }

    /// How matrices are stored.
    public enum WeightType: String, Codable, Sendable, CaseIterable {
        case float32
        case bfloat16
        case q8 = "q8_0"
        case q4 = "q4_0"
    }

    /// A model folder, or a GGUF file.
    public var model: DataReference
    public var format: Format?
    public var dtype: WeightType?

    public init(model: DataReference, format: Format? = nil, dtype: WeightType? = nil) {
        self.model = model
        self.format = format
        self.dtype = dtype
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case model }
        public var model: DataReference
        public init(model: DataReference) { self.model = model }
    }

    /// Format and type of a job of this kind.
    public func settings(for kind: JobKind) -> (format: Format, dtype: WeightType) {
        let isQuantized = dtype == .q8 || dtype == .q4
        switch kind {
        case .modelImport: return (format ?? (isQuantized ? .gguf : .safetensors), dtype ?? .float32)
        case .modelQuantize: return (format ?? .gguf, dtype ?? .q8)
        default: return (format ?? .gguf, dtype ?? .float32)
        }
    }

    public func validate() throws(MessageError) {
        try Bound.require(
            format != .safetensors || (dtype != .q8 && dtype != .q4), "dtype",
            "safetensors hold float32 or bfloat16; for quantised weights give \"format\": \"gguf\"")
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { [model] }
}
