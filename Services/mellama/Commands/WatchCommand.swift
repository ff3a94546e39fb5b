// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama watch ID`: follows a run or a job.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show a run's or a job's progress to its end.")

    @Argument(help: "A run or a job.")
    var id: String
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        try await options.withClient { client in
            switch try await client.subject(id) {
            case .run(let run): try await Watching(client: client).watchRun(run.id)
            case .job(let job): try await Watching(client: client).watchJob(job.id)
            }
        }
    }
}
