// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Does the work of claimed jobs. It never throws: every end is an outcome.
public protocol ClaimedJobHandler: Sendable {
    /// The kinds it serves; a worker claims no others.
    var kinds: [JobKind] { get }
    /// Affinities (`JobMessage.affinity`) of what is loaded now: jobs that ask for it are claimed before others. Nil where
    /// it keeps no models.
    var loaded: [String]? { get }
    /// Called once an attempt. Long computation must run on a thread of its own, not on the cooperative pool.
    func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome
}

extension ClaimedJobHandler {
    public var loaded: [String]? { nil }
}
