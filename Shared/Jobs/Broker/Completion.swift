// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// An attempt that ended with success, as its worker reports it.
public struct Completion: Sendable, Hashable {
    public var job: JobID
    public var fence: Fence
    public var result: JobResult

    public init(job: JobID, fence: Fence, result: JobResult) {
        self.job = job
        self.fence = fence
        self.result = result
    }
}
