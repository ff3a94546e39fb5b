// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a worker holds jobs.
public struct WorkerConfiguration: Sendable, Hashable {
    /// How many jobs it holds at a time.
    public var slots = 1
    /// How long a job stays its own without a sign of life; it gives one every third of it.
    public var lease: Duration = .seconds(15)
    /// The longest sleep between two looks at the queue.
    public var pollLimit: Duration = .seconds(5)
    /// The pause between two looks for jobs of the dead, drawn within a fifth of it.
    public var reapInterval: Duration = .seconds(1)
    /// The pauses between attempts.
    public var retryPolicy = RetryPolicy()

    /// The defaults.
    public init() {}
}
