// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Works a plan out from a recipe, the files it names, and stated speeds.
struct Planner: Sendable {
    let recipe: Recipe
    /// Where the recipe's relative paths start.
    let folder: String
    let assumptions: Plan.Assumptions

    func plan() throws(MessageError) -> Plan {
        let order = try recipe.validate()
        return Plan(name: recipe.name, stages: order.map(stage), assumptions: assumptions)
    }

    private func stage(_ name: String) -> Plan.Stage {
        guard let definition = recipe.stages[name] else { return Plan.Stage(stage: name, kind: "") }
        var result = Plan.Stage(stage: name, kind: definition.kind.rawValue)
        switch definition.kind {
        case .trainPretrain, .trainTune, .trainSupervised: train(definition, &result)
        case .tokenizeCorpus:
            result.tokens = definition.payload["tokens"]?.doubleValue
            if result.tokens == nil { result.unknown.append("tokens: all that the sources hold, counted when it runs") }
        case .tokenizeInstructions: result.unknown.append("tokens: counted when it runs")
        case .evaluateTask, .evaluatePerplexity, .evaluateForgetting, .inferGenerate, .inferScore:
            result.parameters = shape(of: definition.payload["model"])?.parameters
            result.memoryBytes = result.parameters.map { 4 * $0 }
            result.unknown.append("tokens: prompts are cut and counted when it runs (2 x parameters FLOPs a token)")
        default: break
        }
        return result
    }

    /// The trainer's rank where a recipe names none.
    private static let defaultRank = 8

    private func train(_ definition: RecipeStage, _ result: inout Plan.Stage) {
        let payload = definition.payload
        let settings = payload["recipe"] ?? .object([:])
        let shape = shape(of: payload["model"])
        if shape == nil { result.unknown.append("parameters: the model is not known before it runs") }
        // Instruction tuning trains an adapter whatever the recipe says (the trainer's defaults are the paper's).
        let isTuning = definition.kind == .trainTune
        let lora = settings["lora"].flatMap { $0 == .null ? nil : $0 } ?? (isTuning ? .object([:]) : nil)
        result.parameters = shape?.parameters
        result.trainedParameters = shape?.parameters
        if let lora {
            let rank = integer(lora, "rank") ?? Self.defaultRank
            var targets: [String]?
            if case .array(let items)? = lora["targets"] { targets = items.compactMap(\.stringValue) }
            result.trainedParameters = shape?.adapterParameters(rank: rank, targets: targets)
        }
        count(settings, payload, epochs: isTuning ? 3 : definition.kind == .trainSupervised ? 5 : 1, &result)
        if let tokens = result.tokens, let parameters = result.parameters {
            result.flops = (lora == nil ? 6 : 4) * parameters * tokens
        }
        if let shape, let trained = result.trainedParameters, let batch = integer(settings, "microBatch"),
            let length = integer(settings, "sequenceLength")
        {
            result.memoryBytes =
                4 * shape.parameters + (lora == nil ? 12 : 16) * trained
                + shape.activationBytes(tokens: Double(batch * length), length: length)
        }
        time(&result)
    }

    /// Steps and tokens: `maxSteps`, or `epochs` over a data set whose size the recipe states.
    private func count(_ settings: JSONValue, _ payload: JSONValue, epochs: Double, _ result: inout Plan.Stage) {
        let missing = ["microBatch", "accumulation", "sequenceLength"].filter { integer(settings, $0) == nil }
        guard missing.isEmpty, let batch = integer(settings, "microBatch"),
            let accumulation = integer(settings, "accumulation"), let length = integer(settings, "sequenceLength")
        else {
            result.steps = integer(settings, "maxSteps")
            result.unknown.append("tokens: \(missing.joined(separator: ", ")) not given, the trainer's defaults apply")
            return
        }
        let perStep = Double(batch) * Double(accumulation) * Double(length)
        if let steps = integer(settings, "maxSteps") {
            result.steps = steps
        } else if let available = datasetTokens(payload["dataset"]) {
            let epochs = settings["epochs"]?.doubleValue ?? epochs
            result.steps = Int((epochs * available / perStep).rounded(.up))
        } else {
            result.unknown.append("steps: the data's size is known when it has been tokenized")
        }
        result.tokens = result.steps.map { Double($0) * perStep }
    }

    private func time(_ result: inout Plan.Stage) {
        if let speed = assumptions.tokensPerSecond, let tokens = result.tokens {
            result.hours = tokens / speed / 3600
        } else if let flops = result.flops {
            result.hours = flops / assumptions.flopsPerSecond / 3600
        }
        if let hours = result.hours, let price = assumptions.pricePerHour { result.cost = hours * price }
    }

    private func integer(_ value: JSONValue, _ name: String) -> Int? {
        value[name]?.doubleValue.flatMap { Int(exactly: $0) }
    }

    /// The tokens of a data set that another stage of the recipe makes.
    private func datasetTokens(_ value: JSONValue?) -> Double? {
        guard let text = value?.stringValue, let reference = StageReference(text) else { return nil }
        return recipe.stages[reference.stage]?.payload["tokens"]?.doubleValue
    }

    /// The shape of a model: stated in the recipe, read from a folder, or that of the stage it comes from.
    private func shape(of value: JSONValue?, depth: Int = 0) -> ModelShape? {
        guard let value, depth < Recipe.maximumStages else { return nil }
        if let configuration = value["configuration"] { return ModelShape(configuration: configuration) }
        guard let text = value.stringValue else { return nil }
        switch DataReference(text) {
        case .artifact: return nil
        case .path(let path): return ModelShape(folder: LocalPath.absolute(path, from: folder))
        case .stage(let reference):
            return shape(of: recipe.stages[reference.stage]?.payload["model"], depth: depth + 1)
        }
    }
}
