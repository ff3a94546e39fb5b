// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a key may do.
enum Scope: String, Sendable, CaseIterable, Hashable {
    /// Submit and retry jobs and runs, upload files.
    case submit
    /// See jobs, runs, events and artifacts of the key's tenant.
    case read
    /// Cancel jobs and runs of the key's tenant.
    case cancel
    /// All of these, for every tenant.
    case admin
}
