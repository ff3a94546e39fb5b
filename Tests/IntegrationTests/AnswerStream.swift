// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import Messages
import NIOCore
import NIOHTTP1

/// A stream of the OpenAI routes as a client reads it.
struct AnswerStream {
    /// The texts so far, put together by answer.
    private(set) var texts: [Int: String] = [:]
    private(set) var isDone = false
    /// The code of the error that ended it.
    private(set) var error: String?
    /// The job, once a chunk has named it.
    private(set) var job: JobID?

    /// Reads until the stream ends, or `isEnough`: then the connection is dropped.
    mutating func read(
        _ gateway: StackClient, _ body: JSONValue, until isEnough: (AnswerStream) async throws -> Bool = { _ in false }
    ) async throws {
        var request = HTTPClientRequest(url: gateway.url + "/v1/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(try MessageEncoder.encode(body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        guard response.status == .ok else { throw StackError("the stream began with status \(response.status.code)") }
        var bytes: [UInt8] = []
        for try await piece in response.body {
            bytes += piece.readableBytesView
            while let end = bytes.firstRange(of: Array("\n\n".utf8)) {
                try take(String(decoding: bytes[..<end.lowerBound], as: UTF8.self))
                bytes.removeSubrange(..<end.upperBound)
            }
            if try await isEnough(self) { return }
        }
    }

    private mutating func take(_ frame: String) throws {
        guard frame.hasPrefix("data: ") else { return }
        let data = frame.dropFirst(6)
        guard data != "[DONE]" else {
            isDone = true
            return
        }
        let chunk = try MessageDecoder.parse(Array(data.utf8))
        if let code = chunk["error"]?["code"]?.stringValue { error = code }
        if let id = chunk["id"]?.stringValue { job = JobID(String(id.dropFirst("cmpl-".count))) }
        guard case .array(let choices)? = chunk["choices"] else { return }
        for choice in choices {
            let index = Int(choice["index"]?.doubleValue ?? 0)
            texts[index, default: ""] += choice["text"]?.stringValue ?? ""
        }
    }
}
