// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Jobs

/// Thrown by `JobContext.checkStop()`: the attempt must end now. A handler leaves its checkpoint and lets it pass.
public struct JobInterruption: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: JobControl.StopReason
    public init(_ reason: JobControl.StopReason) { self.reason = reason }
    public var description: String {
        switch reason {
        case .cancelled: "the job was cancelled"
        case .shuttingDown: "the service is stopping"
        case .leaseLost: "the job's lease is lost"
        }
    }
}
