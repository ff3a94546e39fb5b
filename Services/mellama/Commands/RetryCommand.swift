// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama retry ID`: tries a job again; of a run, every stage that failed.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try a job again, or all stages of a run that did not succeed.")

    @Argument(help: "A job or a run.")
    var id: String
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        try await options.withClient { client in
            switch try await client.subject(id) {
            case .job(let job): try await retry(job.id, client)
            case .run(let run):
                let states: Set<JobState> = [.failed, .dead, .cancelled, .expired]
                let stages = run.stages.filter { states.contains($0.state) }
                guard !stages.isEmpty else {
                    throw MellamaError("run \(run.id) is \(run.state.rawValue) and has no stage to try again")
                }
                for stage in stages { try await retry(stage.id, client) }
            }
        }
    }

    private func retry(_ id: JobID, _ client: GatewayClient) async throws {
        let answer = try await client.post("/v1/jobs/\(id)/retry", as: Answers.State.self)
        Terminal.out("\(answer.id) \(answer.state)\n")
    }
}
