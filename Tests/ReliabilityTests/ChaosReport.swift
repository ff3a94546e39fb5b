// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a chaos run did, and what it found.
struct ChaosReport {
    var seed: UInt64
    var seconds: Int
    /// Jobs acknowledged, by the state they ended in.
    var ends: [String: Int]
    var runs: Int
    /// How often each thing was done to the system.
    var disturbances: [String: Int]
    /// Attempts that began, and leases that ended without an answer.
    var attempts: Int
    var crashes: Int
    /// Acknowledged jobs that are not there, or have not ended.
    var lost: [String]
    /// Jobs that succeeded or published more than once.
    var doubled: [String]
    /// What else does not hold.
    var problems: [String]

    /// As it is printed.
    var text: String {
        func list(_ counts: [String: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        return """
            chaos: seed \(seed), \(seconds) s
            chaos: jobs \(ends.values.reduce(0, +)) (\(list(ends))), of them in \(runs) runs
            chaos: attempts \(attempts), leases ended by silence \(crashes)
            chaos: faults \(disturbances.values.reduce(0, +)) (\(list(disturbances)))
            \((lost + doubled + problems).prefix(20).map { "chaos: \($0)\n" }.joined())\
            chaos: lost \(lost.count), doubled \(doubled.count), other violations \(problems.count)
            """
    }
}
