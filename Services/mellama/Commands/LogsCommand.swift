// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Messages
import NIOHTTP1

/// `mellama logs ID`: everything that happened to a run or a job.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the events of a run or a job so far, the oldest first.")

    @Argument(help: "A run or a job.")
    var id: String
    @Flag(help: "One JSON event a line.")
    var json = false
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        try await options.withClient { client in
            let path: String
            switch try await client.subject(id) {
            case .run(let run): path = "/v1/runs/\(run.id)/events"
            case .job(let job): path = "/v1/jobs/\(job.id)/events"
            }
            var after = ""
            while true {
                var request = client.request(.GET, path + "?limit=500" + after)
                request.headers.add(name: "accept", value: "application/json")
                let value = try MessageDecoder.parse(try await client.bytes(request))
                let page = try MessageDecoder(policy: .lenient).decode(Answers.Events.self, from: value)
                for event in page.events { Terminal.out(try line(event)) }
                guard let next = page.next, !page.events.isEmpty else { return }
                after = "&after=\(next)"
            }
        }
    }

    private func line(_ event: JobEvent) throws -> String {
        if json { return String(decoding: try MessageEncoder.encode(event), as: UTF8.self) + "\n" }
        let milliseconds = event.id.split(separator: "-").first.flatMap { Int64($0) } ?? 0
        var text = "\(Instant.text(milliseconds: milliseconds)) \(event.stage ?? event.job.rawValue) "
        switch event.kind {
        case .state: text += event.state?.rawValue ?? "?"
        case .progress: text += ProgressBoard.text(event.progress)
        case .leaseExpired, .cancelRequested, .gap: text += event.kind.rawValue
        }
        if let error = event.error { text += ": \(error.detail.isEmpty ? error.title : error.detail)" }
        return Terminal.plain(text).split(whereSeparator: \.isNewline).joined(separator: " ") + "\n"
    }
}
