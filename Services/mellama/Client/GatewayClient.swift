// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Messages
import NIOCore
import NIOHTTP1

/// The gateway's API as this program uses it.
struct GatewayClient: Sendable {
    /// Without a slash at the end.
    let url: String
    let key: String?
    private let http: HTTPClient

    /// An answer larger than this is refused; files are streamed and not bounded by it.
    static let maximumAnswer = 256 << 20

    /// Runs `body` with a client, and shuts it down after.
    static func with<Value>(
        url: String, key: String?, _ body: (GatewayClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(5))
        let http = HTTPClient(configuration: configuration)
        let trimmed = url.hasSuffix("/") ? String(url.dropLast()) : url
        do {
            let value = try await body(GatewayClient(url: trimmed, key: key, http: http))
            try await http.shutdown()
            return value
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    func get<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
        try decode(type, try await bytes(request(.GET, path)))
    }

    func post<Answer: Decodable>(
        _ path: String, _ body: some Encodable, idempotencyKey: String? = nil, as type: Answer.Type
    ) async throws -> Answer {
        var request = request(.POST, path)
        request.headers.add(name: "content-type", value: "application/json")
        if let idempotencyKey { request.headers.add(name: "idempotency-key", value: idempotencyKey) }
        request.body = .bytes(ByteBuffer(bytes: try MessageEncoder.encode(body)))
        return try decode(type, try await bytes(request))
    }

    func post<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
        try decode(type, try await bytes(request(.POST, path)))
    }

    func delete<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
        try decode(type, try await bytes(request(.DELETE, path)))
    }

    func put<Answer: Decodable>(_ path: String, _ body: some Encodable, as type: Answer.Type) async throws -> Answer {
        var request = request(.PUT, path)
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try MessageEncoder.encode(body)))
        return try decode(type, try await bytes(request))
    }

    /// Sends a file's bytes as they are read.
    func upload<Bytes: AsyncSequence & Sendable>(
        _ bytes: Bytes, size: Int, sha256: String?
    ) async throws -> UploadAnswer where Bytes.Element == ByteBuffer {
        var request = request(.POST, "/v1/files" + (sha256.map { "?sha256=\($0)" } ?? ""))
        request.headers.add(name: "content-type", value: "application/octet-stream")
        request.body = .stream(bytes, length: .known(Int64(size)))
        return try decode(UploadAnswer.self, try await self.bytes(request, timeout: .hours(12)))
    }

    struct UploadAnswer: Codable, Sendable {
        var id: ArtifactID
        var bytes: Int
    }

    /// Whether an artifact is in the store already.
    func hasArtifact(_ id: ArtifactID) async throws -> Bool {
        do {
            let response = try await response(request(.GET, "/v1/artifacts/\(id)"), timeout: .seconds(30))
            return response.status == .ok
        } catch let error as GatewayProblem where error.document.status == 404 {
            return false
        }
    }

    /// A request with the key.
    func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers.add(name: "user-agent", value: "mellama")
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        return request
    }

    /// The answer to a request, if it is a good one; a problem document is thrown as `GatewayProblem`.
    func response(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: timeout)
        } catch {
            throw GatewayUnreachable(url: url, cause: Self.cause(error))
        }
        guard response.status.code >= 400 else { return response }
        let body = try? await response.body.collect(upTo: 1 << 20)
        if let body, let value = try? MessageDecoder.parse(Data(body.readableBytesView)),
            let document = try? MessageDecoder(policy: .lenient).decode(ProblemDocument.self, from: value)
        {
            throw GatewayProblem(document: document)
        }
        throw GatewayProblem(
            document: ProblemDocument(
                type: "about:blank", title: "HTTP \(response.status.code)", status: Int(response.status.code),
                detail: "\(url) answered \(response.status.code) without saying why; is it a gateway?"))
    }

    func bytes(_ request: HTTPClientRequest, timeout: TimeAmount = .seconds(60)) async throws -> Data {
        let response = try await response(request, timeout: timeout)
        do {
            let body = try await response.body.collect(upTo: Self.maximumAnswer)
            return Data(body.readableBytesView)
        } catch {
            throw GatewayUnreachable(url: url, cause: "the answer broke off")
        }
    }

    private func decode<Answer: Decodable>(_ type: Answer.Type, _ bytes: Data) throws -> Answer {
        try MessageDecoder(policy: .lenient).decode(type, from: MessageDecoder.parse(bytes))
    }

    private static func cause(_ error: any Error) -> String {
        if let error = error as? HTTPClientError { return "\(error)" }
        return error is CancellationError ? "cancelled" : "nothing listens there"
    }
}

/// The gateway said no.
struct GatewayProblem: Error, Sendable, CustomStringConvertible {
    var document: ProblemDocument
    var description: String { document.detail }
    /// Whether the same request may be taken a little later.
    var isPassing: Bool { document.status == 503 || document.status == 429 }
}

/// The gateway did not answer.
struct GatewayUnreachable: Error, Sendable, CustomStringConvertible {
    var url: String
    var cause: String
    var description: String {
        "the gateway at \(url) does not answer (\(cause)); start it with mellama up, or name it with --gateway"
    }
}
