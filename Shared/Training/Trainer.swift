// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Collectives
public import Corpora
public import Foundation
public import Llama
import Tensors

/// The three stages of the paper as one loop: what is trained is the model's weights, or an adapter on them.
///
/// Continual pre-training starts from a model or from random weights of a configuration; instruction tuning trains an
/// adapter because its recipe has `lora`; supervised fine-tuning does either. A run that is killed and started again
/// with the same recipe, dataset, model and checkpoint folder goes on from its newest checkpoint and ends with the
/// same bytes as one that was never killed. Blocks the calling thread.
public struct Trainer {
    public let recipe: TrainingRecipe
    public let plan: TrainingPlan
    public let schedule: LearningRateSchedule
    /// What the run will keep resident at most.
    public let memory: TrainingMemory
    /// The model in its present state; trained once ``run(resume:shouldStop:onEvent:)`` has completed.
    public internal(set) var model: LlamaModel

    let rows: TrainingSet
    let heldOut: [String: TokenDataset]
    let store: CheckpointStore?
    let identity: RunIdentity
    let collective: any Collective
    let sharding: Sharding
    var optimizer: AdamW
    var progress = Progress()
    var pace = Pace()
    let flops: ModelFLOPs
    /// Seconds of a monotonic clock.
    var now: () -> Double = {
        let elapsed = ContinuousClock.now - start
        return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    }

    private static let start = ContinuousClock.now

    /// What a run has done so far.
    struct Progress {
        var step = 0
        var tokens = 0
        var seconds = 0.0
        var losses: [Double] = []
    }

    /// What the present attempt has computed, and in what time.
    struct Pace {
        var flops = 0.0
        var seconds = 0.0
        var flopsPerSecond: Double { seconds > 0 ? flops / seconds : 0 }
    }

    /// A run that is checked in full and has done no step.
    ///
    /// - Parameters:
    ///   - model: what to start from; an adapter it carries is trained on when the recipe has `lora`.
    ///   - heldOut: rows for evaluation during and after the run, by domain.
    ///   - checkpoints: a folder of this run alone; without it nothing is written and nothing resumed.
    ///   - collective: the other ranks, of which there are as many as the recipe says; each is given the same of
    ///     everything, and rank 0 alone writes.
    ///   - availableMemory: bytes this process may still take; nil starts whatever the run needs.
    /// - Throws: one error that names the field of the recipe or the row of the dataset that does not fit.
    public init(
        model: LlamaModel, recipe: TrainingRecipe, dataset: TokenDataset, heldOut: [String: TokenDataset] = [:],
        checkpoints: URL? = nil, collective: any Collective = SingleRank(),
        availableMemory: Int? = MemoryLimit.available()
    ) throws {
        try recipe.validate()
        guard recipe.ranks == collective.size else {
            throw TrainingError(
                .invalidRecipe, "recipe.ranks", "is \(recipe.ranks), but the run was started with \(collective.size)",
                remedy: "start as many ranks as the recipe says")
        }
        if dataset.vocabularySize > model.configuration.vocabularySize {
            throw TrainingError(
                .invalidDataset, "dataset",
                "was made with a vocabulary of \(dataset.vocabularySize), the model's has"
                    + " \(model.configuration.vocabularySize)", remedy: "tokenize with the model's own tokenizer")
        }
        self.recipe = recipe
        self.model = try Self.prepared(model, recipe)
        self.model.precision = recipe.precision == .bfloat16 ? .bfloat16 : .float32
        rows = try TrainingSet(dataset, recipe: recipe, configuration: model.configuration)
        plan = TrainingPlan(sampleCount: rows.count, recipe: recipe)
        memory = TrainingMemory(
            model.configuration, recipe, baseBytes: model.weights.stored.map { _ in model.weights.bytes },
            tokens: rows.largest(recipe.microBatch), longest: rows.longest)
        try memory.check(available: availableMemory, recipe, isModelLoaded: true)
        schedule = LearningRateSchedule(recipe: recipe, totalSteps: plan.totalSteps)
        self.heldOut = heldOut
        for (name, part) in heldOut.sorted(by: { $0.key < $1.key }) {
            try TrainingSet.check(part, named: "held-out row of \(name)", configuration: model.configuration)
        }
        store = checkpoints.map { CheckpointStore(folder: $0) }
        identity = RunIdentity(
            recipe: recipe, dataset: dataset.digest, model: store == nil ? "" : try Self.fingerprint(self.model))
        flops = ModelFLOPs(
            model.configuration, adapter: recipe.lora == nil ? nil : self.model.trainedParameters.count)
        let trained = self.model.trainedParameters
        self.collective = collective
        sharding = Sharding(count: trained.count, rank: collective.rank, ranks: collective.size)
        optimizer = try AdamW(recipe: recipe, layout: sharding.moments(of: trained))
    }

    /// Tokens of one epoch, padding not counted.
    public var tokensPerEpoch: Int { rows.tokens }

    /// The rows of one micro-batch of the run: places in its epoch's order.
    func batches(of step: Int, order: [Int]) throws -> [MicroBatch] {
        try plan.microBatches(of: plan.window(of: step).places).map { try rows.batch(Array(order[$0])) }
    }

    /// Calls `body` with the parameters that are trained and the optimizer, in place.
    mutating func withTrained<R>(_ body: (inout ParameterSet, inout AdamW) throws -> R) rethrows -> R {
        guard var adapter = model.adapter else { return try body(&model.weights.parameters, &optimizer) }
        model.adapter = nil  // the only reference, so that the update is in place
        defer { model.adapter = adapter }
        return try body(&adapter.parameters, &optimizer)
    }

    /// The model with an adapter where the recipe wants one.
    private static func prepared(_ model: LlamaModel, _ recipe: TrainingRecipe) throws -> LlamaModel {
        guard let lora = recipe.lora else {
            guard model.adapter == nil else {
                throw TrainingError(
                    .invalidRecipe, "recipe.lora", "is missing, but the model carries an adapter",
                    remedy: "give recipe.lora to train the adapter, or merge it into the model first")
            }
            guard model.weights.stored == nil else {
                throw TrainingError(
                    .invalidRecipe, "recipe.lora", "is missing, but the model's weights are kept in blocks",
                    remedy: "give recipe.lora to train an adapter, or load the model in float32")
            }
            return model
        }
        let configuration = try LoRAConfiguration(
            rank: lora.rank, alpha: lora.alpha, dropout: lora.dropout,
            targets: lora.targets.compactMap(LoRATarget.init(rawValue:)), rankStabilized: lora.rslora)
        var adapter = try LoRAAdapter(
            random: configuration, for: model.configuration,
            seed: SampleOrder.key(seed: recipe.seed, purpose: .adapter))
        if let given = model.adapter {
            guard given.parameters.layout == adapter.parameters.layout, given.configuration.scale == configuration.scale
            else {
                throw TrainingError(
                    .invalidRecipe, "recipe.lora", "has other settings than the model's adapter",
                    remedy: "leave the rank, alpha, targets and rslora out, or give those of the adapter")
            }
            adapter.parameters = given.parameters
        }
        return try LlamaModel(model.weights, adapter: adapter)
    }

    private static func fingerprint(_ model: LlamaModel) throws -> String {
        var digest = ContentDigest()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try encoder.encode(model.configuration).withUnsafeBytes { digest.update($0) }
        model.weights.parameters.withUnsafeValues { digest.update(UnsafeRawBufferPointer($0)) }
        model.weights.stored?.withUnsafeBytes { digest.update($0) }
        model.adapter?.parameters.withUnsafeValues { digest.update(UnsafeRawBufferPointer($0)) }
        return digest.text
    }
}
