// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceRuntime

/// The gateway's executable.
@main
struct Command: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "The HTTP door to the queue: takes jobs and runs, shows what became of them.",
        version: Release.version, subcommands: [ServeCommand.self, HealthcheckCommand.self],
        defaultSubcommand: ServeCommand.self)

    static func main() async { await CommandExit.run(Self.self, name: "gateway") }
}
