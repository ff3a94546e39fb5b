// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama jobs`: what the queue holds.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "jobs", abstract: "List jobs, the newest first.")

    @Option(help: "Only jobs in this state, such as running or dead.")
    var jobState: String?
    @Option(help: "Only jobs of this kind, such as train.tune.")
    var kind: String?
    @Option(help: "Only the stages of this run.")
    var run: String?
    @Option(help: "At most so many.")
    var limit = 50
    @Flag(help: "The gateway's JSON.")
    var json = false
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        var query = "?limit=\(limit)"
        for (name, value) in [("state", jobState), ("kind", kind), ("run", run)] {
            if let value { query += "&\(name)=\(GatewayClient.escaped(value))" }
        }
        let path = "/v1/jobs" + query
        let page = try await options.withClient { try await $0.get(path, as: Answers.Jobs.self) }
        if json {
            Terminal.out(String(decoding: try MessageEncoder.prettyPrinted(page), as: UTF8.self) + "\n")
            return
        }
        let rows = page.jobs.map { job in
            [
                job.id.rawValue, job.kind.rawValue, job.state.rawValue,
                job.state == .running
                    ? ProgressBoard.text(job.progress)
                    : job.error.map { $0.detail.isEmpty ? $0.title : $0.detail } ?? "",
            ]
        }
        Terminal.out(TextTable.text(["job", "kind", "state", ""], rows))
        if page.next != nil { Terminal.note("mellama: there are more; raise --limit") }
    }
}
