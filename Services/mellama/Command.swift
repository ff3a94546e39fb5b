// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceRuntime

/// The program of a user's day: brings a stack up, submits, watches, fetches.
struct MellamaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mellama", abstract: "Build and judge medical language models, as one system.",
        version: Release.version,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "The stack:",
                subcommands: [UpCommand.self, DownCommand.self, QueuesCommand.self, CheckCommand.self]),
            CommandGroup(
                name: "Work:",
                subcommands: [
                    RunCommand.self, SubmitCommand.self, PlanCommand.self, CancelCommand.self, RetryCommand.self,
                    DiscardCommand.self, PurgeCommand.self,
                ]),
            CommandGroup(
                name: "What became of it:",
                subcommands: [
                    JobsCommand.self, WatchCommand.self, LogsCommand.self, ReportCommand.self, ModelsCommand.self,
                    ArtifactsCommand.self,
                ]),
            CommandGroup(name: "Inside:", subcommands: [ChildCommand.self]),
        ])
}

/// Where the process starts. On the main thread, which lives as long as the process: children of `up` are tied to it.
@main
struct Mellama {
    @MainActor
    static func main() async {
        do {
            var command = try MellamaCommand.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                ExitSignals.install()
                try await asynchronous.run()
            } else {
                try command.run()
            }
            MellamaCommand.exit()
        } catch let error as ExitCode {
            MellamaCommand.exit(withError: error)
        } catch {
            // What the parser says goes with its usage text and its own code; an error of ours is one line.
            guard MellamaCommand.exitCode(for: error) == .failure else { MellamaCommand.exit(withError: error) }
            let lines = Terminal.plain("\(error)").split(whereSeparator: \.isNewline)
            Terminal.note("mellama: " + lines.joined(separator: " "))
            MellamaCommand.exit(withError: ExitCode.failure)
        }
    }
}
