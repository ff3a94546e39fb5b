// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `infer.generate`: a batch of prompts to continue.
public struct GenerateText: RestrictedPayload, Hashable {
    public var model: ModelReference
    public var adapter: DataReference?
    public var requests: [GenerationRequest]
    /// Whether prompts given as text start with the beginning-of-sequence id; default: as the tokenizer says.
    public var addBOS: Bool?
    /// Whether the answers are published part by part while they are written (`GenerationPart`). A stack keeps the parts
    /// for minutes; the result has them all. Default false.
    public var stream: Bool?
    /// Whether the prompts hold data whose licence keeps it on this stack. Default false.
    public var restricted: Bool?

    public init(
        model: ModelReference, adapter: DataReference? = nil, requests: [GenerationRequest], addBOS: Bool? = nil,
        stream: Bool? = nil, restricted: Bool? = nil
    ) {
        self.model = model
        self.adapter = adapter
        self.requests = requests
        self.addBOS = addBOS
        self.stream = stream
        self.restricted = restricted
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case results }
        /// One a request, in their order.
        public var results: [GenerationResult]
        public init(results: [GenerationResult]) { self.results = results }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(requests, "requests")
        for (index, request) in requests.enumerated() { try request.validate("requests[\(index)]") }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { model.references + [adapter].compactMap { $0 } }
}
