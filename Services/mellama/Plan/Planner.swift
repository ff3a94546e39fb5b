// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import Messages
import Training

/// Works a plan out from a recipe, the files it names, and stated speeds.
struct Planner: Sendable {
    let recipe: Recipe
    /// Where the recipe's relative paths start.
    let folder: String
    let assumptions: Plan.Assumptions

    func plan() throws(MessageError) -> Plan {
        let order = try recipe.validate()
        var stages: [Plan.Stage] = []
        for name in order { stages.append(try stage(name)) }
        return Plan(name: recipe.name, stages: stages, assumptions: assumptions)
    }

    private func stage(_ name: String) throws(MessageError) -> Plan.Stage {
        guard let definition = recipe.stages[name] else { return Plan.Stage(stage: name, kind: "") }
        var result = Plan.Stage(stage: name, kind: definition.kind.rawValue)
        switch definition.kind {
        case .trainPretrain, .trainTune, .trainSupervised: try train(definition, &result)
        case .tokenizeCorpus:
            result.tokens = definition.payload["tokens"]?.doubleValue
            if result.tokens == nil { result.unknown.append("tokens: all that the sources hold, counted when it runs") }
        case .tokenizeInstructions: result.unknown.append("tokens: counted when it runs")
        case .evaluateTask, .evaluatePerplexity, .evaluateForgetting, .inferGenerate, .inferScore:
            result.parameters = models.configuration(definition.payload["model"]).map { Double($0.parameterCount) }
            result.memoryBytes = result.parameters.map { 4 * $0 }
            result.unknown.append("tokens: prompts are cut and counted when it runs (2 x parameters FLOPs a token)")
        default: break
        }
        return result
    }

    private func train(_ definition: RecipeStage, _ result: inout Plan.Stage) throws(MessageError) {
        let data = PlannedData(definition.payload, in: recipe, folder: folder)
        let settings = try recipe(of: definition, samples: data.rows, at: result.stage)
        if definition.kind == .trainSupervised, settings.maxSteps == nil, data.rows == nil {
            result.unknown.append("epochs: 5 below 10,000 samples and 3 from there on, which are counted when it runs")
        }
        let packs = data.isPacked != true && (settings.packing == .isolated || settings.packing == .documents)
        let configuration = models.configuration(definition.payload["model"])
        let limit = settings.sequenceLength ?? configuration?.maxPositions
        let length = packs ? limit : (data.sequenceLength ?? limit).map { min($0, limit ?? $0) }
        result.steps = settings.maxSteps
        if !packs, let rows = data.rows {
            result.steps = TrainingPlan(sampleCount: rows, recipe: settings).totalSteps
        }
        if result.steps == nil { result.unknown.append("steps: the data's size is known when it has been tokenized") }
        if let length, let steps = result.steps {
            let rows = settings.microBatch * settings.accumulation * settings.ranks
            result.tokens = Double(steps) * Double(rows) * Double(length)
        }
        guard let configuration else {
            return result.unknown.append("parameters: the model is not known before it runs")
        }
        let targets = settings.lora?.targets.compactMap(LoRATarget.init(rawValue:))
        let adapter = targets.map { LoRAAdapter.count(rank: settings.lora?.rank ?? 0, targets: $0, for: configuration) }
        result.parameters = Double(configuration.parameterCount)
        result.trainedParameters = Double(adapter ?? configuration.parameterCount)
        guard let length else { return }
        if let tokens = result.tokens {
            result.flops = ModelFLOPs(configuration, adapter: adapter).of(tokens: tokens, length: length)
        }
        let memory = TrainingMemory(
            configuration, settings, baseBytes: models.keptBytes(definition.payload["model"]),
            tokens: settings.microBatch * length, longest: length)
        result.memoryBytes = Double(memory.total)
        result.fits = assumptions.availableBytes.map { Double(memory.total) <= $0 }
        result.memory = Dictionary(uniqueKeysWithValues: memory.bytes.map { ($0.key.rawValue, $0.value) })
        time(&result)
    }

    /// The stage's recipe with the trainer's own defaults.
    private func recipe(
        of definition: RecipeStage, samples: Int?, at stage: String
    ) throws(MessageError) -> TrainingRecipe {
        let trained: TrainingStage =
            switch definition.kind {
            case .trainTune: .instructionTuning
            case .trainSupervised: .supervised(trainingSamples: samples ?? 0)
            default: .pretrain
            }
        do {
            let settings = try MessageDecoder(policy: .strict)
                .decode(TrainingSettings.self, from: definition.payload["recipe"] ?? .object([:]))
            let written = try MessageEncoder.encode(settings)
            var overrides = try JSONDecoder().decode(TrainingRecipe.Overrides.self, from: written)
            if let text = definition.payload["adapter"]?.stringValue, case .stage(let reference) = DataReference(text),
                let maker = self.recipe.stages[reference.stage]
            {
                let made = try recipe(of: maker, samples: samples, at: reference.stage).lora
                overrides.lora = overrides.lora ?? made.map { TrainingRecipe.Overrides.LoRA($0) }
            } else if let adapter = models.adapter(definition.payload["adapter"]) {
                overrides.start(from: adapter)
            }
            return try TrainingRecipe(stage: trained, overrides: overrides)
        } catch let error as MessageError {
            throw error.below("stages.\(stage).payload.recipe")
        } catch {
            throw MessageError(.invalidValue, path: "stages.\(stage).payload.recipe", detail: "\(error)")
        }
    }

    private func time(_ result: inout Plan.Stage) {
        if let speed = assumptions.tokensPerSecond, let tokens = result.tokens {
            result.hours = tokens / speed / 3600
        } else if let flops = result.flops {
            result.hours = flops / assumptions.flopsPerSecond / 3600
        }
        if let hours = result.hours, let price = assumptions.pricePerHour { result.cost = hours * price }
    }

    private var models: PlannedModels { PlannedModels(recipe: recipe, folder: folder) }
}
