// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `train.pretrain`, `train.tune` and `train.supervised`: one trainer with three settings.
public struct TrainModel: JobPayload, Hashable {
    public var model: ModelReference
    /// An adapter of this model to train on; what `recipe.lora` leaves out is as in it. The run is a new one: its moments,
    /// schedule and order are its own.
    public var adapter: DataReference?
    /// Token shards; exactly one of `dataset` and `tokens` is given.
    public var dataset: DataReference?
    /// JSON Lines of `{"input_ids": […], "labels": […]}`; a label of −100 is no target.
    public var tokens: DataReference?
    /// Held-out text by domain, as `tokenize.corpus` leaves it: scored every `recipe.evaluateEvery` steps and at the end.
    public var heldOut: [String: DataReference]?
    /// What differs from the stage's defaults, which are the paper's.
    public var recipe: TrainingSettings?

    public init(
        model: ModelReference, adapter: DataReference? = nil, dataset: DataReference? = nil,
        tokens: DataReference? = nil,
        heldOut: [String: DataReference]? = nil, recipe: TrainingSettings? = nil
    ) {
        self.model = model
        self.adapter = adapter
        self.dataset = dataset
        self.tokens = tokens
        self.heldOut = heldOut
        self.recipe = recipe
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case model, adapter, summary }
        /// The model; with LoRA it is the base that was given.
        public var model: DataReference?
        /// The adapter in PEFT's form, with LoRA.
        public var adapter: DataReference?
        public var summary: TrainingSummary

        public init(model: DataReference?, adapter: DataReference? = nil, summary: TrainingSummary) {
            self.model = model
            self.adapter = adapter
            self.summary = summary
        }
    }

    public func validate() throws(MessageError) {
        try Bound.require(
            (dataset == nil) != (tokens == nil), "dataset", "give exactly one of \"dataset\" and \"tokens\"")
        for name in (heldOut ?? [:]).keys.sorted() {
            // They are told in progress, which has fixed words and numbers only.
            let isName =
                (1...40).contains(name.utf8.count)
                && name.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == UInt8(ascii: "_")
                }
            try Bound.require(
                isName, "heldOut", "the name of a domain has 1 to 40 letters, digits and _, as in \"clinical\"")
        }
        try recipe?.validate("recipe")
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] {
        model.references + [adapter, dataset, tokens].compactMap { $0 }
            + (heldOut ?? [:]).values.sorted { $0.text < $1.text }
    }
}
