// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import ArgumentParser

/// A worker's executable: `serve` (the default), `run` and `healthcheck`.
///
/// ```swift
/// @main
/// struct TokenizerCommand: ServiceCommand {
///     static let service = "tokenizer"
///     static let abstract = "Turns text into token ids."
///     static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler] { [TokenizeTextHandler()] }
///     init() {}
/// }
/// ```
public protocol ServiceCommand: AsyncParsableCommand {
    /// The executable's name.
    static var service: String { get }
    /// What it does, in one sentence.
    static var abstract: String { get }
    /// Jobs it works on at once where the settings do not say.
    static var concurrency: Int { get }
    /// What it can do; called once a process.
    static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler]
    /// Subcommands of its own.
    static var ownCommands: [any ParsableCommand.Type] { get }
}

extension ServiceCommand {
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: service, abstract: abstract, version: Release.version,
            subcommands: [ServeCommand<Self>.self, RunCommand<Self>.self, HealthcheckCommand<Self>.self] + ownCommands,
            defaultSubcommand: ServeCommand<Self>.self)
    }

    public static var concurrency: Int { 1 }

    public static var ownCommands: [any ParsableCommand.Type] { [] }

    public static func main() async { await CommandExit.run(Self.self, name: service) }
}

/// How a command ends: 0 done, 1 failed with one line on stderr, 64 wrong usage, 128 and the signal after a stop.
public enum CommandExit {
    /// Parses the process's arguments, runs the command, and exits.
    public static func run<Command: ParsableCommand>(_ type: Command.Type, name: String) async -> Never {
        do {
            var command = try Command.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Command.exit()
        } catch let error as ExitCode {
            Command.exit(withError: error)
        } catch {
            // What the parser says goes with its usage text and its own code; an error of ours is one line.
            guard Command.exitCode(for: error) == .failure else { Command.exit(withError: error) }
            StandardError.print("\(name): \(error)")
            // A flag with a value it can't have is wrong usage; the same from a file or the environment is not.
            let isUsage = (error as? SettingsError)?.source.hasPrefix("--") == true
            Command.exit(withError: isUsage ? ExitCode.validationFailure : ExitCode.failure)
        }
    }
}
