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
    @Option(help: "From -1000 to 1000; each step is a head start of a minute.")
    var priority: Int?
    @Option(help: ArgumentHelp("Not to be started earlier than in, such as 30m.", valueName: "duration"))
    var delay: String?
    @Option(help: ArgumentHelp("Not to be finished later than in, such as 12h.", valueName: "duration"))
    var deadline: String?
    @Option(help: ArgumentHelp("A key under which a second submission is the same job.", valueName: "key"))
    var idempotencyKey: String?
    @OptionGroup var options: GatewayOptions

    func run() async throws {
        let message = try Self.read(job)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let notBefore = try delay.map { now + (try TimeSpan.milliseconds($0, option: "--delay")) }
        let end = try deadline.map { now + (try TimeSpan.milliseconds($0, option: "--deadline")) }
        try await options.withClient { client in
            let preparation = RecipePreparation(
                dataRoots: try await client.dataRoots(),
                uploader: FileUploader(client: client, notice: { Terminal.note("mellama: \($0)") }),
                folder: LocalPath.parent(of: LocalPath.absolute(job)))
            let prepared = try await preparation.prepare(message)
            let order = Order(
                kind: prepared.kind, version: prepared.version, payload: prepared.payload, priority: priority,
                deadline: end, notBefore: notBefore)
            let accepted = try await client.post(
                "/v1/jobs", order, idempotencyKey: idempotencyKey, as: Answers.Accepted.self)
            Terminal.out("\(accepted.id)\n")
            if watch { try await Watching(client: client).watchJob(JobID(accepted.id)) }
        }
    }

    /// The message, and when and how soon it is to run.
    private struct Order: Encodable {
        var kind: JobKind
        var version: Int
        var payload: JSONValue
        var priority: Int?
        var deadline: Int64?
        var notBefore: Int64?
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
