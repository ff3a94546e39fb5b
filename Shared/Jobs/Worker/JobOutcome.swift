// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// How an attempt ended, as its handler tells the worker.
public enum JobOutcome: Sendable {
    case completed(JobResult)
    /// An error; `failure.retryable` says whether to try again.
    case failed(JobFailure)
    /// The worker is stopping: give the job back, its checkpoint is kept.
    case interrupted
    /// Cancellation was asked for, and the work has stopped.
    case cancelled
}
