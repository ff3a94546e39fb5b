// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What became of a target's inputs.
public struct FuzzReport: Sendable, CustomStringConvertible {
    public let name: String
    public let seed: UInt64
    public internal(set) var inputs = 0
    public internal(set) var accepted = 0
    public internal(set) var bytes = 0
    public internal(set) var duration = Duration.zero

    mutating func add(_ verdict: FuzzTarget.Verdict, bytes count: Int) {
        inputs += 1
        bytes += count
        if verdict == .accepted { accepted += 1 }
    }

    /// One line, as the fuzzing script prints it.
    public var description: String {
        "fuzz: \(name): \(inputs) inputs, \(accepted) accepted, \(inputs - accepted) refused, \(bytes >> 20) MiB, "
            + "\(duration.components.seconds) s, seed \(seed), none failed"
    }
}
