// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Glibc
import Logging
import Messages
import Telemetry

/// `SERVICE run JOB.json|-`: does one job, or one a line of stdin, with no queue.
struct RunCommand<Command: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "run", abstract: "Do one job from a file, or jobs line by line from stdin, with no queue.",
            discussion: """
                The result is JSON on stdout or in --out; progress goes to stderr. Paths in the job are relative to \
                its file. Exits 0 only if it succeeded.
                """)
    }

    @Argument(help: ArgumentHelp("A job message as JSON, or - for one a line on stdin.", valueName: "job.json|-"))
    var job: String
    @Option(help: ArgumentHelp("Where to write the result (default stdout).", valueName: "result.json"))
    var out: String?
    @Flag(help: "No progress on stderr.")
    var quiet = false
    @Option(help: .hidden)
    var base: String?
    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let reader = try options.reader()
        var settings = try ServiceSettings(reader)
        // A person watches this one: its results and progress say what logs would.
        if reader.string(.logLevel) == nil { settings.logLevel = .warning }
        if reader.string(.logFormat) == nil { settings.logFormat = .text }
        Telemetry.bootstrap(
            service: Command.service, level: settings.logLevel, format: settings.logFormat == .json ? .json : .text)
        let signals = StopSignals.install()
        let folder = job == "-" ? base ?? "." : FileSystem.parent(of: DataRoots.absolute(job)) ?? "/"
        let runner = LocalRunner(
            service: Command.service, handlers: try Command.handlers(settings), settings: settings,
            base: DataRoots.resolved(DataRoots.absolute(folder)), isQuiet: quiet)
        let output = out
        let succeeded: Bool
        do {
            succeeded =
                job == "-"
                ? try await runner.runLines(signals: signals)
                : try await runner.runFile(job, to: output, signals: signals)
        } catch {
            await runner.end()
            throw error
        }
        await runner.end()
        if let number = StopSignals.number { throw ExitCode(128 + number) }
        if !succeeded { throw ExitCode.failure }
    }
}
