// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation
public import Messages

/// A folder with job files, their data and an artifact store, where services do single jobs with no queue.
///
/// The folder goes when the last reference to it does.
public final class ServiceDesk: Sendable {
    /// How a job ended.
    public struct Outcome: Sendable {
        public var status: Int32
        /// The lines on stderr, progress left out.
        public var errors: [String]
        /// What was written to `--out`; nil where nothing was.
        public var result: JobResult?
        /// All that was written anywhere, for searches.
        public var everything: String
    }

    public let folder: URL

    /// Makes the folder.
    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "mellama-test-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.resolvingSymlinksInPath()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The artifact store's folder.
    public var store: URL { folder.appending(path: "store", directoryHint: .isDirectory) }

    /// The environment in which the services run.
    public var environment: [String: String] { ["MELLAMA_ARTIFACTS": store.path] }

    /// Writes a file, making its folders.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> URL { try write(name, Data(text.utf8)) }

    /// Writes a file, making its folders.
    @discardableResult
    public func write(_ name: String, _ bytes: Data) throws -> URL {
        let url = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: url)
        return url
    }

    /// Copies a file or folder in, making its folders.
    @discardableResult
    public func copy(_ source: URL, to name: String) throws -> URL {
        let url = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: source, to: url)
        return url
    }

    /// Writes a job message and answers its file's path.
    public func job(_ kind: JobKind, _ payload: JSONValue, name: String = "job.json") throws -> String {
        let message: JSONValue = ["kind": .string(kind.rawValue), "version": 1, "payload": payload]
        return try write(name, MessageEncoder.encode(message)).path
    }

    /// Does a job by `SERVICE run JOB.json --out RESULT.json` to its end.
    public func run(
        _ service: String, _ kind: JobKind, _ payload: JSONValue, shell: String? = nil, launcher: [String] = []
    ) throws -> Outcome {
        let out = folder.appending(path: "result.json")
        try? FileManager.default.removeItem(at: out)
        let run = try ServiceProcess.run(
            ["run", job(kind, payload), "--out", out.path], name: service, environment: environment, shell: shell,
            launcher: launcher)
        return try outcome(run, kind)
    }

    /// How a process that did a job with `--out result.json` ended.
    public func outcome(_ run: ServiceProcess.Result, _ kind: JobKind) throws -> Outcome {
        let lines = run.errors.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("\(kind): ") }
        let text = try? Data(contentsOf: folder.appending(path: "result.json"))
        let result = try text.map {
            try MessageDecoder(policy: .lenient).decode(JobResult.self, from: MessageDecoder.parse($0))
        }
        return Outcome(
            status: run.status, errors: lines, result: result,
            everything: run.output + run.errors + String(decoding: text ?? Data(), as: UTF8.self))
    }

    /// Does a job that must succeed, and answers its output.
    public func output<Payload: JobPayload>(
        _ service: String, _ kind: JobKind, of type: Payload.Type, _ payload: JSONValue
    ) throws -> Payload.Output {
        let outcome = try run(service, kind, payload)
        guard outcome.status == 0, outcome.errors.isEmpty, outcome.result?.status == .succeeded else {
            throw ServiceDeskError(description: "\(kind) ended \(outcome.status): \(outcome.errors)")
        }
        return try MessageDecoder(policy: .strict).decode(
            Payload.Output.self, from: outcome.result?.output ?? .null)
    }

    /// Does jobs line by line in one process of `SERVICE run -`; answers their results.
    public func lines(_ service: String, _ jobs: [(JobKind, JSONValue)]) throws -> [JobResult] {
        let text = try jobs.map { kind, payload in
            let message: JSONValue = ["kind": .string(kind.rawValue), "payload": payload]
            return String(decoding: try MessageEncoder.encode(message), as: UTF8.self) + "\n"
        }
        let run = try ServiceProcess.run(
            ["run", "-", "--base", folder.path, "--quiet"], name: service, input: text.joined(),
            environment: environment)
        return try run.output.split(separator: "\n").map {
            try MessageDecoder(policy: .lenient).decode(
                JobResult.self, from: MessageDecoder.parse(Data($0.utf8)))
        }
    }

    /// Where something named by a reference is.
    public func place(of reference: DataReference) -> URL {
        switch reference {
        case .artifact(let id): store.appending(path: "sha256/\(id.digest)")
        default: folder.appending(path: reference.text).standardizedFileURL
        }
    }

    /// Every path below the folder, the job's message and result left out: what a job has left.
    public func contents() -> Set<String> {
        let paths = (FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String]) ?? []
        // The empty folders of a store are none of a job's traces.
        let folders = ["incoming", "jobs", "sha256", "workspaces"].map { "store/\($0)" }
        let known = ["job.json", "result.json", "store"] + folders
        // A model's repacked weights stay for the next worker, whatever becomes of the job.
        return Set(paths).subtracting(known).filter { !$0.hasPrefix("store/packed-weights") }
    }
}

/// A job that a test relies on did not succeed.
public struct ServiceDeskError: Error, CustomStringConvertible {
    public let description: String
}
