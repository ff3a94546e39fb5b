// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a long build tells its progress and learns that it should stop.
public struct BuildControl: Sendable {
    /// Where a build is.
    public struct Progress: Sendable, Equatable {
        /// A fixed phrase: `reading`, `training the vocabulary`, `writing`.
        public var phase: String
        /// Steps done: documents read, merges found, or sequences written.
        public var done: Int
        /// Steps in all; nil while unknown.
        public var total: Int?
    }

    private let progress: @Sendable (Progress) -> Void
    private let isCancelled: @Sendable () -> Bool

    /// Both closures are called often, from the thread that builds, and must be quick.
    public init(
        progress: @escaping @Sendable (Progress) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.progress = progress
        self.isCancelled = isCancelled
    }

    /// Reports every 64th step and the last; throws `cancelled` when asked to stop.
    func step(_ phase: String, _ done: Int, of total: Int? = nil) throws {
        guard done % 64 == 0 || done == total else { return }
        if isCancelled() { throw CorporaError(.cancelled, phase, "stopped, as asked; nothing was written") }
        progress(Progress(phase: phase, done: done, total: total))
    }
}
