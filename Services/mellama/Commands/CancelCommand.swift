// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama cancel ID`: cancels a run or a job.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a run or a job, and the jobs it asked for.")

    @Argument(help: "A run or a job.")
    var id: String
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        try await options.withClient { client in
            let path: String
            switch try await client.subject(id) {
            case .run(let run): path = "/v1/runs/\(run.id)/cancel"
            case .job(let job): path = "/v1/jobs/\(job.id)/cancel"
            }
            let answer = try await client.post(path, as: Answers.State.self)
            // A running job ends at its next sign of life.
            Terminal.out("\(answer.id) \(answer.state == "running" ? "cancelling" : answer.state)\n")
        }
    }
}
