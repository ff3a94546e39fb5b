// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Glibc
import Jobs
import Logging
import Messages

/// Does jobs from files and lines through the same handlers as the queue's.
struct LocalRunner: Sendable {
    /// A job file larger than this is refused.
    static let fileLimit = 256 << 20

    private let service: String
    private let kinds: [JobKind]
    private let set: HandlerSet
    private let siblings: SiblingProcesses
    private let isQuiet: Bool

    init(service: String, handlers: [any JobHandler], settings: ServiceSettings, base: String, isQuiet: Bool) {
        let logger = Logger(label: "mellama.\(service)")
        self.service = service
        self.isQuiet = isQuiet
        siblings = SiblingProcesses(environment: [
            SettingKey.artifacts.environment: DataRoots.absolute(settings.artifacts)
        ])
        let backend = LocalBackend(
            store: DirectoryArtifactStore(root: settings.artifacts, logger: logger), base: base, own: handlers,
            siblings: siblings)
        set = HandlerSet(handlers, backend: backend, logger: logger)
        kinds = set.kinds
    }

    /// Ends the processes that were asked.
    func end() async {
        let siblings = siblings
        _ = try? await OwnThread.run { siblings.end() }
    }

    /// Does the job of a file and writes its result, replacing `output` whole; answers whether it succeeded.
    func runFile(_ path: String, to output: String?, signals: AsyncStream<Int32>) async throws -> Bool {
        let message: JobMessage
        do {
            let bytes = try await OwnThread.run { try FileSystem.read(path, limit: Self.fileLimit) }
            message = try decode(bytes)
        } catch let error as MessageError {
            throw HostError(.jobFile, detail: "\(path): \(error)")
        } catch let error as ArtifactError {
            throw HostError(.jobFile, detail: error.detail)
        }
        let control = JobControl()
        let result = try await stopping(control, on: signals) { await answer(message, control: control) }
        let text = [UInt8](try MessageEncoder.prettyPrinted(result)) + [UInt8(ascii: "\n")]
        try await OwnThread.run {
            if let output {
                do {
                    try FileSystem.replace(output, with: text)
                } catch let error as ArtifactError {
                    throw HostError(.jobFile, detail: "--out: \(error.detail)")
                }
            } else {
                try Self.print(text)
            }
        }
        if let error = result.error, StopSignals.number == nil { StandardError.print("\(service): \(error)") }
        return result.status == .succeeded
    }

    /// Answers messages line by line until the input ends; answers whether all succeeded.
    func runLines(signals: AsyncStream<Int32>) async throws -> Bool {
        let control = JobControl()
        return try await stopping(control, on: signals) {
            var lines = LineReader(STDIN_FILENO, limit: Self.fileLimit)
            var succeeded = true
            while control.stopReason == nil {
                let reader = lines
                let (line, rest) = try await OwnThread.run {
                    var reader = reader
                    let line = try reader.next { control.stopReason != nil }
                    return (line, reader)
                }
                lines = rest
                guard let line else { break }
                if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
                let result: JobResult
                do {
                    result = await answer(try decode(line), control: control)
                } catch let error as MessageError {
                    result = JobResult(status: .failed, error: JobFailure(error))
                }
                succeeded = succeeded && result.status == .succeeded
                let text = [UInt8](try MessageEncoder.encode(result)) + [UInt8(ascii: "\n")]
                try await OwnThread.run { try Self.print(text) }
            }
            return succeeded
        }
    }

    /// A message as people write it, of a kind that this service does.
    private func decode(_ bytes: [UInt8]) throws -> JobMessage {
        let value = try MessageDecoder.parse(Data(bytes))
        let message = try MessageDecoder(policy: .strict).decode(JobMessage.self, from: value)
        try message.validate()
        guard kinds.contains(message.kind) else {
            let other = SiblingProcesses.service(of: message.kind)
            throw MessageError(
                .unknownKind, path: "kind",
                detail: "\(service) does not do \(message.kind)"
                    + (other.map { $0 == service ? "" : "; give it to \($0)" } ?? ""))
        }
        return message
    }

    private func answer(_ message: JobMessage, control: JobControl) async -> JobResult {
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        let envelope = JobEnvelope(id: JobID("run-\(random)"), fence: Fence(1), message: message)
        let outcome = await withTaskGroup(of: JobOutcome?.self) { group in
            if !isQuiet { group.addTask { await printProgress(of: message.kind, control) } }
            group.addTask { await set.handle(envelope, control: control) }
            defer { group.cancelAll() }
            for await outcome in group { if let outcome { return outcome } }
            return JobOutcome.interrupted
        }
        return JobResult(outcome)
    }

    /// A line on stderr when the progress has changed, at most one in half a second.
    private func printProgress(of kind: JobKind, _ control: JobControl) async -> JobOutcome? {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            guard let progress = control.takeProgress() else { continue }
            var line = "\(kind): \(progress.phase) \(progress.step)"
            if let total = progress.total { line += "/\(total)" }
            for (name, value) in progress.metrics.sorted(by: { $0.key < $1.key }) {
                line += " \(name)=\((value * 10_000).rounded() / 10_000)"
            }
            StandardError.print(line)
        }
        return nil
    }

    /// Runs the body; a signal asks the job to stop.
    private func stopping<Value: Sendable>(
        _ control: JobControl, on signals: AsyncStream<Int32>, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                for await _ in signals { control.stop(.shuttingDown) }
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let value = try await group.next() { if let value { return value } }
            throw CancellationError()
        }
    }

    private static func print(_ text: [UInt8]) throws {
        var offset = 0
        while offset < text.count {
            let count = text[offset...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw HostError(.jobFile, detail: "stdout can't be written: \(String(cString: strerror(errno)))")
            }
            offset += count
        }
    }
}
