// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Glibc
import Jobs
import Messages
import Synchronization

/// The other services' executables beside our own, each started once as `SERVICE run -` and asked line by line.
final class SiblingProcesses: Sendable {
    /// Which executable serves a kind, by the kind's first word.
    static let services = [
        "tokenize": "tokenizer", "train": "trainer", "model": "trainer", "infer": "inference",
        "evaluate": "evaluator", "report": "evaluator",
    ]

    private let folder: String
    private let environment: [String: String]
    private let running = Mutex<[String: SiblingProcess]>([:])

    /// - Parameters:
    ///   - folder: where the executables are; that of this one by default.
    ///   - environment: what the siblings get besides this process's environment.
    init(folder: String? = nil, environment: [String: String]) {
        self.folder = folder ?? Self.ownFolder
        self.environment = environment
    }

    static var ownFolder: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        return FileSystem.parent(of: String(cString: path)) ?? "/"
    }

    static func service(of kind: JobKind) -> String? {
        services[String(kind.rawValue.prefix { $0 != "." })]
    }

    /// Asks one message and awaits its answer; messages to one service are asked one after the other.
    func ask(_ message: JobMessage, from base: String, control: JobControl) async throws -> JobResult {
        guard let service = Self.service(of: message.kind) else {
            throw JobFailure.badInput("no service answers \(message.kind)")
        }
        var line = [UInt8](try MessageEncoder.encode(message))
        line.append(UInt8(ascii: "\n"))
        let question = line
        return try await OwnThread.run { [self] in
            let process = try process(service, base: base)
            control.onStop { _ in process.stop() }
            let answer = try process.ask(question)
            let value = try MessageDecoder.parse(Data(answer))
            return try MessageDecoder(policy: .lenient).decode(JobResult.self, from: value)
        }
    }

    private func process(_ service: String, base: String) throws -> SiblingProcess {
        try running.withLock { running in
            let key = "\(service) \(base)"
            if let process = running[key] { return process }
            let process = try SiblingProcess(
                executable: "\(folder)/\(service)", arguments: ["run", "-", "--quiet", "--base", base],
                environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
            running[key] = process
            return process
        }
    }

    /// Closes the siblings' input and waits for their end.
    func end() {
        let all = running.withLock { running in
            defer { running = [:] }
            return Array(running.values)
        }
        for process in all { process.end() }
    }
}
