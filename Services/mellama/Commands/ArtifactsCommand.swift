// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama artifacts`: what the store holds.
struct ArtifactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts", abstract: "List the store's artifacts; with an id, its files, or fetch them.")

    @Argument(help: "An artifact (sha256:…).")
    var id: String?
    @Option(help: ArgumentHelp("Where to put the artifact's files.", valueName: "folder"))
    var out: String?
    @OptionGroup var options: GatewayOptions

    func validate() throws {
        if let id, !ArtifactID(id).isWellFormed {
            throw ValidationError("an artifact's id is sha256: and 64 hexadecimal digits")
        }
        if out != nil, id == nil { throw ValidationError("--out needs an artifact's id") }
    }

    func run() async throws {
        try await options.withClient { client in
            if let id { try await show(ArtifactID(id), client) } else { try await list(client) }
        }
    }

    private func list(_ client: GatewayClient) async throws {
        var rows: [[String]] = []
        var after = ""
        while true {
            let page = try await client.get("/v1/artifacts?limit=1000\(after)", as: Answers.Artifacts.self)
            rows += page.artifacts.map {
                [
                    $0.id.rawValue, $0.isFolder ? "folder" : "file", Figures.bytes($0.size),
                    Instant.text(milliseconds: $0.created),
                ]
            }
            guard let next = page.next else { break }
            after = "&after=\(next)"
        }
        Terminal.out(TextTable.text(["artifact", "what", "size", "created"], rows))
    }

    private func show(_ id: ArtifactID, _ client: GatewayClient) async throws {
        if let out { return try await ArtifactFetch(client: client).fetch(id, into: LocalPath.absolute(out)) }
        guard let listing = try await client.listing(id) else {
            Terminal.out("\(id) is one file; fetch it with --out\n")
            return
        }
        Terminal.out(TextTable.text(["file", "size"], listing.files.map { [$0.path, Figures.bytes($0.size)] }))
    }
}
