// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a broker did not do as asked. It names ids and states, never payloads.
public struct JobError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// No such job or run.
        case notFound
        /// The same key or id with another body.
        case conflict
        /// Another attempt holds the job, or none does.
        case staleFence
        /// The job's state does not allow it.
        case wrongState
        /// The queue, or the tenant's share of it, holds as many jobs as it may: try again after `retryAfter`.
        case queueFull
        /// The broker can't be reached, or can't take writes now: try again.
        case unavailable
        /// What the broker holds is not what this version writes.
        case malformed
    }

    public let code: Code
    /// What was being done, such as `claim`.
    public let operation: String
    /// What happened and how to mend it.
    public let detail: String
    /// For `queueFull`: when a place may be free.
    public let retryAfter: Duration?

    public init(_ code: Code, operation: String, detail: String, retryAfter: Duration? = nil) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.retryAfter = retryAfter
    }

    public var description: String { "\(operation): \(detail)" }
}
