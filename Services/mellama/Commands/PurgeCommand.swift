// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Messages

/// `mellama purge ID` and `mellama purge --ended-before DURATION`: removes text that users submitted.
struct PurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Remove payload, result and error detail of what has ended.",
        discussion: """
            From Redis and from the gateway's journal; states, times and counts stay. Artifacts are not touched. Redis's \
            append-only file forgets at its next rewrite.
            """)

    @Argument(help: "A run or a job.")
    var id: String?
    @Option(help: ArgumentHelp("All that ended longer ago than this, such as 12h or 7d.", valueName: "duration"))
    var endedBefore: String?
    @OptionGroup var options: GatewayOptions

    private struct Order: Encodable {
        var endedBefore: Int64
    }

    func validate() throws {
        guard (id == nil) != (endedBefore == nil) else { throw ValidationError("name an id, or --ended-before") }
    }

    func run() async throws {
        let span = try endedBefore.map { try TimeSpan.milliseconds($0, option: "--ended-before") }
        try await options.withClient { client in
            if let span {
                let time = Int64(Date().timeIntervalSince1970 * 1000) - span
                let answer = try await client.post("/v1/purge", Order(endedBefore: time), as: Answers.Purged.self)
                Terminal.out("\(answer.purged) purged\n")
                return
            }
            let path: String
            switch try await client.subject(id ?? "") {
            case .run(let run): path = "/v1/runs/\(run.id)/purge"
            case .job(let job): path = "/v1/jobs/\(job.id)/purge"
            }
            let answer = try await client.post(path, as: Answers.State.self)
            Terminal.out("\(answer.id) purged\n")
        }
    }
}
