// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Serves `report.build`: results side by side, beside the paper's figures, as JSON, CSV, Markdown and HTML.
struct ReportHandler: JobHandler {
    let kinds: [JobKind] = [.reportBuild]

    func handle(_ payload: BuildReport, context: JobContext) async throws -> BuildReport.Output {
        let results: [BuildReport.Entry]
        if let run = payload.run {
            guard let snapshot = try await context.run(run) else {
                throw JobFailure(.notFound, title: "A run that is not there", detail: "payload.run: no run \(run)")
            }
            results = try RunResults.entries(of: snapshot)
        } else {
            results = payload.results ?? []
        }
        let input = ReportInput(
            title: payload.title, results: try results.enumerated().map { try Self.entry($1, index: $0) },
            comparisons: payload.comparisons?.map {
                ReportInput.Comparison(from: $0.from, to: $0.to, control: $0.control)
            },
            corpus: try payload.corpus.map { try Self.decode($0, "payload.corpus") },
            contamination: payload.contamination)
        let folder = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "report")
        let text = try await context.compute {
            try EvaluationFailure.describing {
                let report = try BenchmarkReport(input)
                try? FileManager.default.removeItem(at: folder)
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try report.json().write(to: folder.appending(path: "report.json"))
                try Data(report.csv.utf8).write(to: folder.appending(path: "report.csv"))
                try Data(report.markdown.utf8).write(to: folder.appending(path: "report.md"))
                try Data(report.html.utf8).write(to: folder.appending(path: "report.html"))
                return report.terminalText
            }
        }
        return BuildReport.Output(report: try await context.publish(folder.path, name: "report"), text: text)
    }

    private static func entry(_ entry: BuildReport.Entry, index: Int) throws -> ReportInput.Entry {
        let path = "payload.results[\(index)]"
        return ReportInput.Entry(
            label: entry.label,
            evaluations: try entry.evaluations?.enumerated().map { try decode($1, "\(path).evaluations[\($0)]") },
            perplexity: try entry.perplexity.map { try decode($0, "\(path).perplexity") },
            training: try entry.training.map { try decode($0, "\(path).training") }, supervised: entry.supervised)
    }

    private static func decode<Value: Decodable>(_ value: JSONValue, _ path: String) throws -> Value {
        do {
            return try MessageDecoder(policy: .lenient).decode(Value.self, from: value)
        } catch {
            throw JobFailure(error.below(path))
        }
    }
}
