// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What a worker tells the broker of an ended attempt.
enum AttemptReport: Sendable {
    case complete(JobResult)
    case fail(JobFailure)
    case release
    case confirmCancelled

    /// What follows from how the handler ended and from what it was asked meanwhile.
    init(outcome: JobOutcome, stopReason: JobControl.StopReason?) {
        // A lost lease publishes nothing. Giving the job back is refused where it is someone else's by now, and spares
        // it the count of a crash where nobody has noticed yet.
        guard stopReason != .leaseLost else {
            self = .release
            return
        }
        switch outcome {
        case .completed(let result):
            switch result.status {
            case .succeeded: self = .complete(result)
            case .cancelled: self = .confirmCancelled
            case .failed:
                self = .fail(
                    result.error
                        ?? JobFailure(.internalError, title: "The job failed", detail: "its handler gave no reason"))
            }
        // Work that breaks off because it was asked to is no error.
        case .failed(let failure): self = stopReason == .cancelled ? .confirmCancelled : .fail(failure)
        case .interrupted: self = stopReason == .cancelled ? .confirmCancelled : .release
        case .cancelled: self = stopReason == .shuttingDown ? .release : .confirmCancelled
        }
    }

    /// The name of the outcome in metrics and logs.
    var name: String {
        switch self {
        case .complete: "succeeded"
        case .fail: "failed"
        case .release: "released"
        case .confirmCancelled: "cancelled"
        }
    }
}
