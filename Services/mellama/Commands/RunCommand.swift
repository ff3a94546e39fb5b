// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Messages

/// `mellama run RECIPE.yaml`: submits a recipe.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Submit a recipe; prints the run's id.",
        discussion: """
            Relative paths start at the recipe. Files outside the gateway's data roots are uploaded first. ${NAME} is \
            taken from the environment, ${stage.field} is an earlier stage's output.
            """)

    @Argument(help: ArgumentHelp("The recipe, as YAML or JSON.", valueName: "recipe.yaml"))
    var recipe: String
    @Flag(help: "Show progress to the end, then the report.")
    var watch = false
    @Option(help: ArgumentHelp("A key under which a second submission is the same run.", valueName: "key"))
    var idempotencyKey: String?
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        let file = try RecipeFile(path: recipe, environment: ProcessInfo.processInfo.environment)
        try await options.withClient { client in
            let preparation = RecipePreparation(
                dataRoots: try await client.dataRoots(),
                uploader: FileUploader(client: client, notice: { Terminal.note("mellama: \($0)") }),
                folder: file.folder)
            let prepared = try await preparation.prepare(file.recipe)
            let accepted = try await client.post(
                "/v1/runs", prepared, idempotencyKey: idempotencyKey, as: Answers.Accepted.self)
            Terminal.out("\(accepted.id)\n")
            if watch { try await Watching(client: client).watchRun(RunID(accepted.id)) }
        }
    }
}
