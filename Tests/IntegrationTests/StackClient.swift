// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Messages
import NIOCore
import NIOHTTP1
import TestSupport

/// A user of the stack's gateway.
struct StackClient: Sendable {
    /// What came back.
    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var body: Data

        /// The body's JSON value.
        var json: JSONValue {
            get throws { try MessageDecoder.parse(body) }
        }

        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            guard (200..<300).contains(status) else {
                throw StackError("status \(status): \(String(decoding: body.prefix(2_000), as: UTF8.self))")
            }
            return try MessageDecoder(policy: .lenient).decode(type, from: json)
        }

        /// The problem document, checked to be one.
        func problem() throws -> ProblemDocument {
            guard headers["content-type"] == "application/problem+json" else {
                throw StackError("status \(status) came without a problem document")
            }
            return try MessageDecoder(policy: .strict).decode(ProblemDocument.self, from: json)
        }
    }

    let url: String

    func send(
        _ method: HTTPMethod, _ path: String, body: Data? = nil, headers: [String: String] = [:],
        timeout: TimeAmount = .seconds(30)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: timeout)
        let bytes = try await response.body.collect(upTo: 256 << 20)
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Answer(
            status: Int(response.status.code), headers: Dictionary(fields, uniquingKeysWith: { $1 }),
            body: Data(bytes.readableBytesView))
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send(.GET, path, headers: headers)
    }

    func post(_ path: String, _ body: JSONValue, headers: [String: String] = [:]) async throws -> Answer {
        try await send(
            .POST, path, body: try MessageEncoder.encode(body),
            headers: headers.merging(["content-type": "application/json"]) { given, _ in given })
    }

    // MARK: A user's day

    /// The id of what was accepted.
    func submit(
        _ kind: JobKind, _ payload: JSONValue, headers: [String: String] = [:]
    ) async throws -> JobID {
        let body: JSONValue = ["kind": .string(kind.rawValue), "version": 1, "payload": payload]
        return JobID(try await accepted(post("/v1/jobs", body, headers: headers)))
    }

    /// Submits a recipe as it is written.
    func submit(recipe yaml: String) async throws -> RunID {
        let answer = try await send(
            .POST, "/v1/runs", body: Data(yaml.utf8), headers: ["content-type": "application/yaml"])
        return RunID(try accepted(answer))
    }

    private func accepted(_ answer: Answer) throws -> String {
        guard answer.status == 202, let id = try answer.json["id"]?.stringValue else {
            throw StackError("not accepted: \(String(decoding: answer.body.prefix(2_000), as: UTF8.self))")
        }
        return id
    }

    func job(_ id: JobID) async throws -> JobSnapshot { try await get("/v1/jobs/\(id)").decode(JobSnapshot.self) }
    func run(_ id: RunID) async throws -> RunSnapshot { try await get("/v1/runs/\(id)").decode(RunSnapshot.self) }

    /// The jobs that a query finds, the newest first.
    func jobs(_ query: String) async throws -> [JobSnapshot] {
        struct Page: Codable { var jobs: [JobSnapshot] }
        return try await get("/v1/jobs?limit=1000&\(query)").decode(Page.self).jobs
    }

    /// Everything that happened so far.
    func events(_ path: String) async throws -> [JobEvent] {
        struct Page: Codable {
            var events: [JobEvent]
            var next: String?
        }
        var all: [JobEvent] = []
        var after = ""
        while true {
            let answer = try await get("\(path)/events\(after)", headers: ["accept": "application/json"])
            let page = try answer.decode(Page.self)
            all += page.events
            guard !page.events.isEmpty, let next = page.next else { return all }
            after = "?after=\(next)"
        }
    }

    /// Asks until the answer satisfies; a gateway that is away is asked again.
    func patiently<Value: Sendable>(
        within limit: Duration = .seconds(120), _ ask: @escaping @Sendable () async throws -> Value,
        until isEnough: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let deadline = ContinuousClock.now + limit
        while true {
            var last: String
            do {
                let value = try await ask()
                if isEnough(value) { return value }
                last = "\(value)"
            } catch {
                last = "\(error)"
            }
            guard ContinuousClock.now < deadline else {
                throw StackError("not within \(limit); last: \(last.prefix(4_000))")
            }
            try await Task.sleep(for: .milliseconds(3))
        }
    }

    /// The run once it has ended, or satisfies.
    func awaitRun(
        _ id: RunID, within limit: Duration = .seconds(120),
        until isEnough: @escaping @Sendable (RunSnapshot) -> Bool = { $0.state != .running }
    ) async throws -> RunSnapshot {
        try await patiently(within: limit, { try await run(id) }, until: isEnough)
    }

    /// The job once it has ended, or satisfies.
    func awaitJob(
        _ id: JobID, within limit: Duration = .seconds(60),
        until isEnough: @escaping @Sendable (JobSnapshot) -> Bool = { $0.state.isTerminal }
    ) async throws -> JobSnapshot {
        try await patiently(within: limit, { try await job(id) }, until: isEnough)
    }
}

extension RunSnapshot {
    /// The job of a stage.
    subscript(stage: String) -> JobSnapshot? { stages.first { $0.stage == stage } }
}
