// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Jobs
import Logging
import Messages

extension JobOutcome {
    /// Whether no later attempt will need the job's workspace, as far as this attempt can tell.
    var isForGood: Bool {
        switch self {
        case .completed, .cancelled: true
        case .failed(let failure): !failure.retryable
        case .interrupted: false
        }
    }

    /// What an attempt's error means, given whether it was asked to stop.
    init(ending error: any Error, stop: JobControl.StopReason?, logger: Logger) {
        switch error {
        case is JobInterruption, is CancellationError:
            self = stop == .cancelled ? .cancelled : .interrupted
        case let failure as JobFailure:
            self = .failed(failure)
        case let error as MessageError:
            self = .failed(JobFailure(error))
        case let error as ArtifactError where error.code == .staleFence:
            self = .interrupted
        case let error as ArtifactError:
            self = .failed(JobFailure(error))
        case let error as JobError:
            self = .failed(
                JobFailure(
                    .internalError, title: "The queue did not do as asked", detail: error.description, retryable: true))
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            self = .failed(
                JobFailure(
                    .storage, title: "The disk is full",
                    detail: "No space left on device where this service keeps what jobs make; make room",
                    retryable: true))
        default:
            // The error's text may quote a document: its type is all that leaves the process.
            logger.error("A handler ended with an unexpected error", metadata: ["type": "\(type(of: error))"])
            self = .failed(
                JobFailure(
                    .internalError, title: "An unexpected error in the service",
                    detail: "\(type(of: error)); the service's log has the job's last steps", retryable: true))
        }
    }
}

extension JobFailure {
    /// A store's error as a job's.
    init(_ error: ArtifactError) {
        switch error.code {
        case .notFound:
            self.init(.notFound, title: "An artifact or file that is not there", detail: error.description)
        case .badName, .tooLarge:
            self.init(.badInput, title: "An artifact can't be stored as asked", detail: error.description)
        case .noSpace:
            self.init(.storage, title: "The disk is full", detail: error.description, retryable: true)
        case .staleFence, .malformed, .storage:
            self.init(.storage, title: "The artifact store failed", detail: error.description, retryable: true)
        }
    }
}
