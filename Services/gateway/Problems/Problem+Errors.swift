// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Jobs
import Messages

extension Problem {
    /// Any error that left a route, as the client gets it. What is our fault says no more than that.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as MessageError: self.init(error)
        case let error as JobError: self.init(error)
        case let error as ArtifactError: self.init(error)
        case let error as any HTTPResponseError: self.init(status: error.status)
        default: self = .internalError
        }
    }

    static let internalError = Problem(
        "internal-error", "The gateway failed", status: .internalServerError,
        detail: "the gateway met an error of its own; its log has more under this response's x-request-id")

    init(_ error: MessageError) {
        let slug: String
        switch error.code {
        case .malformedJSON:
            self.init(
                "malformed-json", "The body can't be read", status: .badRequest, detail: error.detail)
            return
        case .unknownKind: slug = "unknown-kind"
        case .unknownField: slug = "unknown-field"
        case .missingField: slug = "missing-field"
        case .wrongType: slug = "wrong-type"
        case .invalidValue: slug = "invalid-value"
        case .unresolvedReference: slug = "unresolved-reference"
        case .unsupportedVersion: slug = "unsupported-version"
        }
        self = .invalid(slug, error.description, field: error.path.isEmpty ? nil : error.path)
    }

    init(_ error: JobError) {
        switch error.code {
        case .notFound: self = .notFound(error.detail)
        case .conflict:
            self.init("conflict", "Conflict", status: .conflict, detail: error.detail)
        case .wrongState, .staleFence:
            self.init("wrong-state", "The job's state does not allow this", status: .conflict, detail: error.detail)
        case .queueFull:
            let seconds = max(1, Int(((error.retryAfter ?? .seconds(1)) / .seconds(1)).rounded(.up)))
            self.init(
                "queue-full", "The queue is full", status: .tooManyRequests, detail: error.detail,
                headers: [.retryAfter: "\(seconds)"])
        case .unavailable where error.operation == JournaledJobBroker.operation:
            self.init(
                "journal-unavailable", "The submission can't be written down", status: .serviceUnavailable,
                detail: "the gateway can't write its journal now, so nothing was accepted; its log says why, try again",
                headers: [.retryAfter: "10"])
        case .unavailable:
            self.init(
                "queue-unavailable", "The queue can't be reached", status: .serviceUnavailable,
                detail: "the queue does not answer or takes no writes now; nothing was lost, try again",
                headers: [.retryAfter: "2"])
        case .malformed: self = .internalError
        }
    }

    init(_ error: ArtifactError) {
        switch error.code {
        case .notFound: self = .notFound(error.detail)
        case .badName: self = .invalid("bad-name", error.detail, field: nil)
        case .tooLarge:
            self.init("too-large", "Too large", status: .contentTooLarge, detail: error.detail)
        case .noSpace:
            self.init(
                "no-space", "The store is full",
                status: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"),
                detail: "the artifact store has no room; nothing was kept; free some and try again",
                headers: [.retryAfter: "60"])
        case .staleFence, .malformed, .storage: self = .internalError
        }
    }

    /// What the server library refuses by itself.
    init(status: HTTPResponse.Status) {
        switch status {
        case .notFound: self = .notFound("no such route; docs/api.md lists them")
        case .contentTooLarge:
            self.init(
                "too-large", "The body is too large", status: .contentTooLarge,
                detail: "the body is larger than this route takes; upload data with POST /v1/files")
        case .internalServerError: self = .internalError
        default:
            self.init(
                "http-\(status.code)", status.reasonPhrase, status: status,
                detail: "the request was refused with status \(status.code)")
        }
    }
}
