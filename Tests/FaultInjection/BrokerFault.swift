// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What goes wrong with one call of a broker.
public enum BrokerFault: Sendable, Hashable {
    /// The call fails as unavailable, and nothing was done.
    case error
    /// The call is carried out, and its answer is lost.
    case lostReply
    /// The call is carried out after a while.
    case delay(Duration)
    /// The call is carried out; its answer comes so late, or with the cancellation of the caller.
    case hang(Duration)
    /// The process ends before the call, as by `kill -9`.
    case exitBefore
    /// The process ends after the call was carried out, before anyone learns of it.
    case exitAfter
}

/// The calls of a broker, as a fault plan names them, and the handler's publishing.
public enum BrokerOperation: String, Sendable, CaseIterable {
    case submit, bulk, submitRun, claim, wait, heartbeat, complete, fail, release, confirmCancelled, cancel, cancelRun
    case retry, reap, administer, read, publish, parts
}
