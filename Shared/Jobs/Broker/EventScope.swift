// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Whose events to read.
public enum EventScope: Sendable, Hashable {
    case job(JobID)
    /// All stages of a run.
    case run(RunID)
    case all
}
