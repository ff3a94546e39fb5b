// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a checkpoint knows beside tensors: whose it is and where the run stands.
struct CheckpointState: Codable, Sendable, Hashable {
    static let currentFormat = 1

    /// One file of the checkpoint, to notice a damaged one.
    struct File: Codable, Sendable, Hashable {
        let bytes: Int
        let digest: String
    }

    let format: Int
    /// The run it belongs to.
    let identity: RunIdentity
    let schedule: LearningRateSchedule
    /// Steps done; also the optimizer's step and, with the plan, the position in the data.
    let step: Int
    /// The epoch and the place in it of the next step: the data cursor, checked on resume.
    let epoch: Int
    let cursor: Int
    /// Tokens learned from so far.
    let tokens: Int
    /// Seconds spent in steps so far.
    let seconds: Double
    let losses: [Double]
    var files: [String: File]
}
