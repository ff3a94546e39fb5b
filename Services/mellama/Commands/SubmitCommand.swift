// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Messages

/// `mellama submit JOB.json`: submits one job.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit one job message; prints the job's id.")

    @Argument(help: ArgumentHelp("The message, as JSON.", valueName: "job.json"))
    var job: String
    @Flag(help: "Show progress to the end, then the output.")
    var watch = false
    @Option(help: ArgumentHelp("A key under which a second submission is the same job.", valueName: "key"))
    var idempotencyKey: String?
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        let message = try Self.read(job)
        try await options.withClient { client in
            let preparation = RecipePreparation(
                dataRoots: try await client.dataRoots(),
                uploader: FileUploader(client: client, notice: { Terminal.note("mellama: \($0)") }),
                folder: LocalPath.parent(of: LocalPath.absolute(job)))
            let accepted = try await client.post(
                "/v1/jobs", try await preparation.prepare(message), idempotencyKey: idempotencyKey,
                as: Answers.Accepted.self)
            Terminal.out("\(accepted.id)\n")
            if watch { try await Watching(client: client).watchJob(JobID(accepted.id)) }
        }
    }

    /// Reads and checks a message; an error names the file and the field.
    static func read(_ path: String) throws(MellamaError) -> JobMessage {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MellamaError("\(path): can't be read; check the name")
        }
        do {
            let value = try MessageDecoder.parse(data)
            let message = try MessageDecoder(policy: .strict).decode(JobMessage.self, from: value)
            try message.validate()
            return message
        } catch {
            throw MellamaError("\(path): \(error)")
        }
    }
}
