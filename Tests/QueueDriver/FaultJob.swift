// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FaultInjection
import Foundation
import Glibc
import Jobs
import Messages
import Synchronization

/// A job that does what its payload says, by the rules that the services' handlers keep: a checkpoint after each step, a
/// manifest under the fence before its end is told, nothing published once its lease is lost.
///
/// `payload.texts[0]` holds words `name=number`:
/// `steps` and `pause` (ms a step); `fails` (that many attempts end with an error that may be retried); `permanent=1`;
/// `kill=1` (each worker that takes it ends); `children` (so many jobs are asked for and awaited).
struct FaultJob: ClaimedJobHandler {
    static let parents: JobKind = .tokenizeText
    static let children: JobKind = .inferScore

    let kinds: [JobKind]
    let broker: any JobBroker
    let store: DirectoryArtifactStore
    /// A line for each publication that took place.
    let log: String
    let plan: FaultPlan

    func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome {
        do {
            return try await work(envelope, control)
        } catch let failure as JobFailure {
            return .failed(failure)
        } catch let error as ArtifactError where error.code == .staleFence {
            return .interrupted
        } catch is CancellationError {
            return .interrupted
        } catch {
            return .failed(
                JobFailure(.internalError, title: "Not now", detail: "a call failed; try again", retryable: true))
        }
    }

    private func work(_ envelope: JobEnvelope, _ control: JobControl) async throws -> JobOutcome {
        if let result = try await store.manifest(of: envelope.id)?.result { return .completed(result) }
        let wish = Self.wishes(envelope)
        if wish["kill"] == 1 { FaultyBroker.die() }
        let checkpoint = try store.workspace(of: envelope.id) + "/step"
        let start = (try? String(contentsOfFile: checkpoint, encoding: .utf8)).flatMap { Int($0) } ?? 0
        let steps = wish["steps"] ?? 1
        for step in start..<max(start, steps) {
            if control.stopReason != nil { return .interrupted }
            try await Task.sleep(for: .milliseconds(wish["pause"] ?? 0))
            try Data("\(step + 1)".utf8).write(to: URL(filePath: checkpoint), options: .atomic)
            control.report(JobProgress(phase: "step", step: step + 1, total: steps))
        }
        if envelope.attempt <= wish["fails"] ?? 0 {
            throw JobFailure(.internalError, title: "Flaky", detail: "as asked", retryable: true)
        }
        if wish["permanent"] == 1 { throw JobFailure.badInput("as asked") }
        if let count = wish["children"] { try await ask(count, envelope, control) }
        guard control.stopReason == nil else { return .interrupted }
        let result = JobResult(
            status: .succeeded,
            output: ["ids": [[.integer(Int64(steps))]], "resumedFrom": .integer(Int64(start))])
        return .completed(try await publish(result, envelope))
    }

    /// Writes the manifest, which is the publication; what an earlier attempt published stays.
    private func publish(_ result: JobResult, _ envelope: JobEnvelope) async throws -> JobResult {
        let fault = plan.next(.publish)
        if fault == .exitBefore { FaultyBroker.die() }
        let isNew = Atomic(false)
        let manifest = try await store.updateManifest(of: envelope.id, fence: envelope.fence) { manifest in
            guard manifest.result == nil else { return }
            manifest.result = result
            isNew.store(true, ordering: .relaxed)
        }
        if isNew.load(ordering: .relaxed) { note("\(envelope.id) \(envelope.fence) \(getpid())\n") }
        if fault == .exitAfter { FaultyBroker.die() }
        return manifest.result ?? result
    }

    private func note(_ line: String) {
        let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(file) }
        _ = write(file, line, line.utf8.count)
    }

    private func ask(_ count: Int, _ envelope: JobEnvelope, _ control: JobControl) async throws {
        for number in 0..<count {
            let id = JobID("\(envelope.id).c-\(number)")
            let message = JobMessage(kind: Self.children, payload: ["texts": ["steps=2 pause=5"]])
            let receipt = try await broker.submit(
                JobSubmission(id: id, message: message, tenant: envelope.tenant, parent: envelope.id))
            if receipt.state.isTerminal, receipt.state != .succeeded { _ = try await broker.retry(id) }
        }
        for number in 0..<count {
            let id = JobID("\(envelope.id).c-\(number)")
            while true {
                if control.stopReason != nil { throw CancellationError() }
                guard let child = try await broker.job(id) else { break }
                if child.state == .succeeded { break }
                if child.state.isTerminal {
                    throw JobFailure(
                        .childFailed, title: "A child did not succeed", detail: child.state.rawValue, retryable: true)
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private static func wishes(_ envelope: JobEnvelope) -> [String: Int] {
        guard case .array(let texts)? = envelope.message.payload["texts"], let text = texts.first?.stringValue else {
            return [:]
        }
        var wishes: [String: Int] = [:]
        for word in text.split(separator: " ") {
            let pair = word.split(separator: "=")
            if pair.count == 2 { wishes[String(pair[0])] = Int(pair[1]) }
        }
        return wishes
    }
}
