// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Messages
import Training

/// `mellama plan RECIPE.yaml`: what a recipe will take.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Estimate tokens, steps, FLOPs, memory, hours and cost before anything runs.")

    @Argument(help: ArgumentHelp("The recipe, as YAML or JSON.", valueName: "recipe.yaml"))
    var recipe: String
    @Flag(help: "The plan as JSON.")
    var json = false
    @Option(help: ArgumentHelp("The training speed to reckon with.", valueName: "n"))
    var tokensPerSecond: Double?
    @Option(help: ArgumentHelp("Without it: sustained billions of operations a second.", valueName: "n"))
    var gigaflops = 20.0
    @Option(help: ArgumentHelp("The memory of the machine that will train, if not this one's.", valueName: "gigabytes"))
    var memory: Double?
    @Option(help: ArgumentHelp("What an hour costs.", valueName: "price"))
    var pricePerHour: Double?

    func validate() throws {
        for value in [tokensPerSecond, gigaflops, pricePerHour, memory].compactMap({ $0 }) {
            guard value > 0, value.isFinite else { throw ValidationError("speeds, prices and memory are above 0") }
        }
    }

    func run() throws {
        let file = try RecipeFile(path: recipe, environment: ProcessInfo.processInfo.environment)
        let assumptions = Plan.Assumptions(
            tokensPerSecond: tokensPerSecond, flopsPerSecond: gigaflops * 1e9, pricePerHour: pricePerHour,
            availableBytes: memory.map { $0 * 1e9 } ?? MemoryLimit.available().map { Double($0) })
        let plan: Plan
        do {
            plan = try Planner(recipe: file.recipe, folder: file.folder, assumptions: assumptions).plan()
        } catch {
            throw MellamaError("\(recipe): \(error)")
        }
        if json {
            Terminal.out(String(decoding: try MessageEncoder.prettyPrinted(plan), as: UTF8.self) + "\n")
        } else {
            Terminal.out(PlanTable.text(plan))
        }
        try Self.judge(plan)
    }

    /// Throws where a stage can't fit: the service would refuse it before its start.
    static func judge(_ plan: Plan) throws {
        guard let stage = plan.stages.first(where: { $0.fits == false }), let bytes = stage.memoryBytes,
            let available = plan.assumptions.availableBytes
        else { return }
        throw MellamaError(
            "stage \(stage.stage) takes \(Figures.bytes(Int(bytes))) of memory, \(Figures.bytes(Int(available))) are"
                + " available; lower its microBatch or sequenceLength, write recompute: block, train an adapter (lora),"
                + " or state another machine's with --memory")
    }
}
