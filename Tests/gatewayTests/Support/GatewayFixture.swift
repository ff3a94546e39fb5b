// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Jobs
import Logging
import Messages
import ServiceRuntime

@testable import gateway

/// A gateway over an in-memory broker and a store in a folder of its own.
struct GatewayFixture {
    var broker: any JobBroker = InMemoryJobBroker()
    var keys = KeyRing.open
    var limits = GatewayFixture.quickLimits
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var shutdown = ShutdownFlag()
    var models = ModelRegister()
    let folder: String
    var store: any ArtifactStore
    var archive: any RunArchive { DirectoryRunArchive(root: folder + "/store") }

    static let quickLimits: Limits = {
        var limits = Limits()
        limits.documentBytes = 64 << 10
        limits.uploadBytes = 256 << 10
        limits.eventWait = .milliseconds(20)
        limits.checkInterval = .milliseconds(50)
        limits.heartbeatInterval = .milliseconds(60)
        limits.answerTimeout = .seconds(60)
        return limits
    }()

    /// Runs `body` with a fixture; its folder is removed after.
    static func with<Value>(_ body: (inout GatewayFixture) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.path + "/gateway-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var fixture = GatewayFixture(
            folder: folder, store: DirectoryArtifactStore(root: folder + "/store", logger: logger))
        return try await body(&fixture)
    }

    /// The data root.
    var data: String { folder + "/data" }

    var gateway: Gateway {
        Gateway(
            broker: broker, artifacts: store, archive: archive, keys: keys, limits: limits,
            dataRoots: DataRoots([data]),
            shutdown: shutdown, metricsPage: { "# metrics\n" }, logger: logger, models: models,
            answering: broker, desk: AnswerDesk(broker: broker, limit: limits.openAnswers, logger: logger))
    }

    /// Calls the router without a socket.
    func router<Value>(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Value) async throws -> Value
    {
        try await Application(router: gateway.router(), logger: logger).test(.router, body)
    }

    /// Calls a listening server.
    func live<Value>(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Value) async throws -> Value {
        try await Application(router: gateway.router(), logger: logger).test(.live, body)
    }

    /// A message of `tokenize.text` whose tokenizer lies in the data root.
    var message: JSONValue {
        [
            "kind": "tokenize.text", "version": 1,
            "payload": ["tokenizer": .string(data + "/tokenizer.model"), "texts": ["fever"]],
        ]
    }

    /// Two stages, the second of which takes the first one's output.
    var recipe: JSONValue {
        [
            "version": 1, "name": "two",
            "stages": [
                "vocabulary": [
                    "kind": "tokenize.train",
                    "payload": ["sources": [.string(data + "/*.txt")], "vocabularySize": 512],
                ],
                "ids": [
                    "kind": "tokenize.text",
                    "payload": ["tokenizer": "${vocabulary.tokenizer}", "texts": ["fever"]],
                ],
            ],
        ]
    }
}

extension TestClientProtocol {
    /// Sends a request. Never inlined: the compiler's coroutine splitting fails on some callers otherwise.
    @inline(never)
    func call(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil
    ) async throws -> TestResponse {
        try await execute(uri: uri, method: method, headers: headers, body: body)
    }
}

extension TestResponse {
    /// The body as JSON.
    var json: JSONValue {
        @inline(never) get throws { try MessageDecoder.parse(Data(body.readableBytesView)) }
    }

    /// The body as a problem document.
    var problem: ProblemDocument {
        @inline(never) get throws { try MessageDecoder(policy: .lenient).decode(ProblemDocument.self, from: json) }
    }

    var text: String { String(buffer: body) }
}

extension JSONValue {
    /// As a request's body.
    var body: ByteBuffer { ByteBuffer(bytes: (try? MessageEncoder.encode(self)) ?? Data()) }

    /// The value with a member at a path of names changed or, with nil, removed.
    func with(_ path: [String], _ value: JSONValue?) -> JSONValue {
        guard let name = path.first, case .object(var members) = self else { return value ?? self }
        members[name] = path.count == 1 ? value : members[name]?.with(Array(path.dropFirst()), value)
        return .object(members)
    }
}
