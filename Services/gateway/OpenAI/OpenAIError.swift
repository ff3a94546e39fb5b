// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Messages

/// An error in the form that clients of the OpenAI API read: `{"error": {message, type, param, code}}`.
struct OpenAIError: Sendable {
    var status: Int
    var message: String
    /// The field at fault, where there is one.
    var parameter: String?
    /// The slug of the problem, such as `invalid-value`.
    var code: String
    var headers: HTTPFields = [:]

    /// A problem of any route, told in this form. Clients take 400, not 422, for what can't be accepted.
    init(_ problem: Problem) {
        let document = problem.document
        status = document.status == 422 ? 400 : document.status
        message = document.detail
        parameter = document.field
        code = String(document.type.split(separator: "/").last ?? "")
        headers = problem.headers
    }

    /// What became of a job that did not succeed.
    init(_ state: JobState, _ failure: JobFailure?) {
        message = failure?.detail ?? "the request ended as \(state.rawValue)"
        code = failure?.type.rawValue ?? state.rawValue
        switch state {
        case .failed where failure?.type == .notFound:
            (status, parameter, code) = (404, "model", "model_not_found")
        case .failed
        where
            [.badInput, .forbiddenPath, .forbiddenData].contains(failure?.type ?? .internalError):
            status = 400
        case .dead where failure?.type == .remote: status = 502
        case .expired: status = 504
        // Somebody else cancelled it: the client may ask again.
        case .cancelled: status = 503
        default: status = 500
        }
    }

    /// The class of error, by which clients choose what to do.
    private var type: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    var json: JSONValue {
        [
            "error": [
                "message": .string(message), "type": .string(type), "param": parameter.map { .string($0) } ?? .null,
                "code": .string(code),
            ]
        ]
    }

    func response() throws -> Response { try .json(json, status: .init(code: status), headers: headers) }
}

extension OpenAIError: Error {}
