// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Messages

/// `mellama report RUN`: a finished run's report.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Print a run's report; with --out also fetch its files.")

    @Argument(help: "A run.")
    var run: String
    @Option(help: ArgumentHelp("Where to put report.json, report.md and report.html.", valueName: "folder"))
    var out: String?
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        try await options.withClient { client in
            let snapshot = try await client.run(run)
            guard let stage = snapshot.stages.last(where: { $0.kind == .reportBuild && $0.state == .succeeded }),
                let output = stage.result?.output
            else {
                throw MellamaError(
                    "run \(snapshot.id) is \(snapshot.state.rawValue) and has no report; it needs a stage of report.build"
                )
            }
            if let text = try await Watching(client: client).report(of: snapshot) {
                Terminal.out(Terminal.plain(text.hasSuffix("\n") ? text : text + "\n"))
            }
            guard let out else { return }
            guard let id = output["report"]?.stringValue.map({ ArtifactID($0) }), id.isWellFormed else {
                throw MellamaError("the report's files are on the gateway's machine, not in its store")
            }
            try await ArtifactFetch(client: client).fetch(id, into: LocalPath.absolute(out))
        }
    }
}
