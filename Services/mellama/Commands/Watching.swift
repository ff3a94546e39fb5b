// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// Following a run or a job to its end, on the terminal.
struct Watching {
    let client: GatewayClient

    /// Shows a run's progress and, at its end, its report on stdout. Throws where the run did not succeed, naming the
    /// stage and its error.
    func watchRun(_ id: RunID) async throws {
        let run = try await patiently { try await client.run(id.rawValue) }
        let screen = ProgressScreen(names: run.stages.compactMap(\.stage))
        try await follow("/v1/runs/\(id)/events", screen)
        let ended = try await patiently { try await client.run(id.rawValue) }
        if let text = try await report(of: ended) {
            Terminal.out(Terminal.plain(text.hasSuffix("\n") ? text : text + "\n"))
        }
        try Self.judge(ended)
    }

    /// Shows a job's progress and, at its end, its output on stdout.
    func watchJob(_ id: JobID) async throws {
        let screen = ProgressScreen(names: [])
        try await follow("/v1/jobs/\(id)/events", screen)
        let job = try await patiently { try await client.job(id.rawValue) }
        if let output = job.result?.output {
            Terminal.out(String(decoding: try MessageEncoder.prettyPrinted(output), as: UTF8.self) + "\n")
        }
        guard job.state == .succeeded else {
            throw MellamaError("job \(job.id) \(Self.ending(job))")
        }
    }

    private func follow(_ path: String, _ screen: ProgressScreen) async throws {
        let follower = EventFollower(client: client, path: path, notice: { screen.note("mellama: \($0)") })
        do {
            _ = try await follower.follow { screen.take($0) }
        } catch {
            screen.finish()
            throw error
        }
        screen.finish()
    }

    /// Asks again while the gateway is being restarted.
    private func patiently<Value>(_ body: () async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await body()
            } catch {
                let isPassing = error is GatewayUnreachable || (error as? GatewayProblem)?.isPassing == true
                guard isPassing, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// The text of the run's last report, if it has one: from the artifact where the queue has forgotten the run.
    func report(of run: RunSnapshot) async throws -> String? {
        let stage = run.stages.last { $0.kind == .reportBuild && $0.state == .succeeded }
        guard let output = stage?.result?.output else { return nil }
        if let text = output["text"]?.stringValue { return text }
        guard let id = output["report"]?.stringValue.map({ ArtifactID($0) }), id.isWellFormed else { return nil }
        return String(decoding: try await client.file(id, path: "report.md"), as: UTF8.self)
    }

    /// Throws unless the run succeeded.
    static func judge(_ run: RunSnapshot) throws(MellamaError) {
        guard run.state != .succeeded else { return }
        let guilty = run.stages.first { [.failed, .dead, .expired].contains($0.state) }
        guard let guilty else { throw MellamaError("run \(run.id) \(run.state.rawValue)") }
        throw MellamaError("run \(run.id) \(run.state.rawValue): stage \(guilty.stage ?? "?") \(ending(guilty))")
    }

    private static func ending(_ job: JobSnapshot) -> String {
        let error = job.error ?? job.result?.error
        return job.state.rawValue + (error.map { ": \($0.detail.isEmpty ? $0.title : $0.detail)" } ?? "")
    }
}
