// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama discard ID`: forgets a dead letter.
struct DiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Forget a job that has ended, such as a dead one that nobody will retry.")

    @Argument(help: "A job that belongs to no run.")
    var id: String
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        try await options.withClient { client in
            let path = "/v1/jobs/\(try GatewayClient.checked(id))"
            let answer = try await client.delete(path, as: Answers.State.self)
            Terminal.out("\(answer.id) discarded\n")
        }
    }
}
