// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `infer.score`: how likely a model finds given continuations.
public struct ScoreText: RestrictedPayload, Hashable {
    public struct Request: Codable, Sendable, Hashable {
        /// Exactly one of `context` and `contextIDs` is given; likewise for the continuation, in the same form.
        public var context: String?
        public var contextIDs: [Int32]?
        public var continuation: String?
        public var continuationIDs: [Int32]?

        public init(context: String, continuation: String) {
            self.context = context
            self.continuation = continuation
        }

        public init(contextIDs: [Int32], continuationIDs: [Int32]) {
            self.contextIDs = contextIDs
            self.continuationIDs = continuationIDs
        }
    }

    public struct Score: Codable, Sendable, Hashable {
        /// Sum over the continuation's tokens, in nats.
        public var logLikelihood: Double
        public var tokenCount: Int
        /// Whether greedy decoding would write this continuation.
        public var isGreedy: Bool
        public init(logLikelihood: Double, tokenCount: Int, isGreedy: Bool) {
            self.logLikelihood = logLikelihood
            self.tokenCount = tokenCount
            self.isGreedy = isGreedy
        }
    }

    public var model: ModelReference
    public var adapter: DataReference?
    public var requests: [Request]
    public var addBOS: Bool?
    /// Whether the texts hold data whose licence keeps it on this stack. Default false.
    public var restricted: Bool?

    public init(
        model: ModelReference, adapter: DataReference? = nil, requests: [Request], addBOS: Bool? = nil,
        restricted: Bool? = nil
    ) {
        self.model = model
        self.adapter = adapter
        self.requests = requests
        self.addBOS = addBOS
        self.restricted = restricted
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case results, instructions }
        /// One a request, in their order.
        public var results: [Score]
        /// The processor's instructions that computed them: `plain`, `avx2`, `avx512`, `avx512-dot`; nil for a remote
        /// model.
        public var instructions: String?
        public init(results: [Score], instructions: String? = nil) {
            self.results = results
            self.instructions = instructions
        }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(requests, "requests")
        for (index, request) in requests.enumerated() {
            let texts = request.context != nil && request.continuation != nil
            let ids = request.contextIDs != nil && request.continuationIDs != nil
            let any = [
                request.context != nil, request.continuation != nil, request.contextIDs != nil,
                request.continuationIDs != nil,
            ].filter { $0 }.count
            try Bound.require(
                texts != ids && any == 2, "requests[\(index)]",
                "give \"context\" and \"continuation\", or \"contextIDs\" and \"continuationIDs\"")
        }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { model.references + [adapter].compactMap { $0 } }
}
