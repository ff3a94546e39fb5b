// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama models`: what has been trained.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "List the models and adapters that training jobs have made.")

    @Option(help: "Look at so many jobs of each kind.")
    var limit = 50
    @OptionGroup var options: GatewayOptions

    static let kinds: [JobKind] = [
        .trainPretrain, .trainTune, .trainSupervised, .trainMerge, .modelImport, .modelQuantize, .modelExport,
    ]

    func run() async throws {
        let limit = limit
        let jobs = try await options.withClient { client in
            var jobs: [JobSnapshot] = []
            for kind in Self.kinds {
                let path = "/v1/jobs?state=succeeded&kind=\(kind)&limit=\(limit)"
                // A list has no results; each job has its own.
                for job in try await client.get(path, as: Answers.Jobs.self).jobs {
                    jobs.append(try await client.job(job.id.rawValue))
                }
            }
            return jobs
        }
        Terminal.out(TextTable.text(["model", "what", "made by", "finished"], Self.rows(jobs)))
    }

    /// One row a model or adapter, the newest first.
    static func rows(_ jobs: [JobSnapshot]) -> [[String]] {
        jobs.sorted { ($0.finished ?? 0) > ($1.finished ?? 0) }.flatMap { job -> [[String]] in
            let output = job.result?.output
            // With an adapter the model is the base that was given.
            let what = output?["adapter"]?.stringValue == nil ? "model" : "adapter"
            guard let id = output?[what]?.stringValue else { return [] }
            let maker = job.stage.map { "\($0) of \(job.run?.rawValue ?? "?")" } ?? job.id.rawValue
            return [
                [id, "\(what), \(job.kind)", maker, job.finished.map { Instant.text(milliseconds: $0) } ?? ""]
            ]
        }
    }
}
