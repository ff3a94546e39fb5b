// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama

extension TrainingRecipe {
    /// The part of a recipe that a person wrote; what is absent takes the stage's default.
    ///
    /// Decoding refuses a field it does not know and names the nearest one it does.
    public struct Overrides: Sendable, Hashable, Codable {
        public var learningRate: Double?
        public var schedule: Schedule?
        public var warmupRatio: Double?
        public var warmupSteps: Int?
        public var epochs: Int?
        public var maxSteps: Int?
        public var microBatch: Int?
        public var accumulation: Int?
        public var sequenceLength: Int?
        public var packing: Packing?
        public var shuffle: Bool?
        public var seed: UInt64?
        public var beta1: Double?
        public var beta2: Double?
        public var epsilon: Double?
        public var weightDecay: Double?
        public var clipNorm: Double?
        public var precision: Precision?
        public var checkpointEvery: Int?
        public var evaluateEvery: Int?
        public var publishEvery: Int?
        public var spikeDeviations: Double?
        public var ranks: Int?
        public var recompute: Recompute?
        public var lora: LoRA?

        /// The written part of the adapter's settings.
        public struct LoRA: Sendable, Hashable, Codable {
            public var rank: Int?
            public var alpha: Double?
            public var dropout: Double?
            public var targets: [String]?
            public var rslora: Bool?

            enum CodingKeys: String, CodingKey, CaseIterable {
                case rank, alpha, dropout, targets, rslora
            }

            public init(
                rank: Int? = nil, alpha: Double? = nil, dropout: Double? = nil, targets: [String]? = nil,
                rslora: Bool? = nil
            ) {
                self.rank = rank
                self.alpha = alpha
                self.dropout = dropout
                self.targets = targets
                self.rslora = rslora
            }

            /// All of an adapter's settings.
            public init(_ lora: TrainingRecipe.LoRA) {
                self.init(
                    rank: lora.rank, alpha: lora.alpha, dropout: lora.dropout, targets: lora.targets,
                    rslora: lora.rslora)
            }

            /// What is not written as an adapter has it that is trained on.
            func completed(by adapter: LoRAConfiguration) -> LoRA {
                LoRA(
                    rank: rank ?? adapter.rank, alpha: alpha ?? adapter.alpha, dropout: dropout ?? adapter.dropout,
                    targets: targets ?? adapter.targets.map(\.rawValue), rslora: rslora ?? adapter.rankStabilized)
            }

            public init(from decoder: any Decoder) throws {
                try AnyField.refuseUnknown(
                    in: decoder, known: CodingKeys.allCases.map(\.rawValue), object: "recipe.lora")
                let fields = RecipeFields(
                    container: try decoder.container(keyedBy: CodingKeys.self), object: "recipe.lora")
                rank = try fields.number(.rank)
                alpha = try fields.real(.alpha)
                dropout = try fields.real(.dropout)
                targets = try fields.value(.targets, "a list of projection names")
                rslora = try fields.value(.rslora, "true or false")
            }
        }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case learningRate, schedule, warmupRatio, warmupSteps, epochs, maxSteps, microBatch, accumulation
            case sequenceLength, packing, shuffle, seed, beta1, beta2, epsilon, weightDecay, clipNorm, precision
            case checkpointEvery, evaluateEvery, publishEvery, spikeDeviations, ranks, recompute, lora
        }

        /// Nothing written: the paper's recipe as it stands.
        public init() {}

        /// Takes the settings of the adapter that the run starts from where none are written.
        public mutating func start(from adapter: LoRAConfiguration) {
            lora = (lora ?? LoRA()).completed(by: adapter)
        }

        public init(from decoder: any Decoder) throws {
            try AnyField.refuseUnknown(in: decoder, known: CodingKeys.allCases.map(\.rawValue), object: "recipe")
            let fields = RecipeFields(container: try decoder.container(keyedBy: CodingKeys.self), object: "recipe")
            learningRate = try fields.real(.learningRate)
            schedule = try fields.choice(.schedule)
            warmupRatio = try fields.real(.warmupRatio)
            warmupSteps = try fields.number(.warmupSteps)
            epochs = try fields.number(.epochs)
            maxSteps = try fields.number(.maxSteps)
            microBatch = try fields.number(.microBatch)
            accumulation = try fields.number(.accumulation)
            sequenceLength = try fields.number(.sequenceLength)
            packing = try fields.choice(.packing)
            shuffle = try fields.value(.shuffle, "true or false")
            seed = try fields.value(.seed, "a whole number from 0 on")
            beta1 = try fields.real(.beta1)
            beta2 = try fields.real(.beta2)
            epsilon = try fields.real(.epsilon)
            weightDecay = try fields.real(.weightDecay)
            clipNorm = try fields.real(.clipNorm)
            precision = try fields.choice(.precision)
            checkpointEvery = try fields.number(.checkpointEvery)
            evaluateEvery = try fields.number(.evaluateEvery)
            publishEvery = try fields.number(.publishEvery)
            spikeDeviations = try fields.real(.spikeDeviations)
            ranks = try fields.number(.ranks)
            recompute = try fields.choice(.recompute)
            lora = try fields.nested(.lora)
        }
    }
}
