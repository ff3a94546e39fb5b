// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Messages

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
    @Option(help: ArgumentHelp("What an hour costs.", valueName: "price"))
    var pricePerHour: Double?

    func validate() throws {
        for value in [tokensPerSecond, gigaflops, pricePerHour].compactMap({ $0 }) {
            guard value > 0, value.isFinite else { throw ValidationError("speeds and prices are above 0") }
        }
    }

    func run() throws {
        let file = try RecipeFile(path: recipe, environment: ProcessInfo.processInfo.environment)
        let assumptions = Plan.Assumptions(
            tokensPerSecond: tokensPerSecond, flopsPerSecond: gigaflops * 1e9, pricePerHour: pricePerHour)
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
    }
}
