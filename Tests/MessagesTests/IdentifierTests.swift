// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite("Identifiers sort by time and are safe in paths and keys")
struct IdentifierTests {
    @Test func ulidsSortByTime() {
        var generator = SeededGenerator(seed: 1)
        var last = ""
        for milliseconds: UInt64 in [0, 1, 31, 32, 1 << 20, 1_700_000_000_000, 1_700_000_000_001, (1 << 48) - 1] {
            let id = ULID.make(milliseconds: milliseconds, using: &generator)
            #expect(id.utf8.count == 26)
            #expect(last < id)
            #expect(JobID(id).isWellFormed)
            last = id
        }
    }

    @Test func ulidsHaveTheSpecificationsForm() {
        var zero = ConstantGenerator(value: 0)
        var ones = ConstantGenerator(value: .max)
        // github.com/ulid/spec: 1469918176385 ms is 01ARYZ6S41; the largest ULID is 7ZZZ….
        #expect(ULID.make(milliseconds: 1_469_918_176_385, using: &zero) == "01ARYZ6S410000000000000000")
        #expect(ULID.make(milliseconds: .max, using: &ones) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    }

    @Test func ulidsOfOneMillisecondDiffer() {
        var generator = SeededGenerator(seed: 2)
        let ids = (0..<1000).map { _ in ULID.make(milliseconds: 5, using: &generator) }
        #expect(Set(ids).count == 1000)
    }

    @Test func jobIDsAreCheckedForForm() {
        for good in ["a", "01ABC.base-2", "a_b.c-0", String(repeating: "x", count: 200)] {
            #expect(JobID(good).isWellFormed)
        }
        for bad in ["", "a/b", "a b", "a\n", "ä", "a{b}", String(repeating: "x", count: 201)] {
            #expect(!JobID(bad).isWellFormed)
        }
    }

    @Test func artifactIDsAreCheckedForForm() {
        let digest = String(repeating: "0a", count: 32)
        #expect(ArtifactID("sha256:\(digest)").isWellFormed)
        #expect(ArtifactID("sha256:\(digest)").digest == digest)
        for bad in ["", digest, "sha256:", "sha256:\(digest.dropLast())", "sha256:\(digest)0", "sha256:../../../etc"] {
            #expect(!ArtifactID(bad).isWellFormed)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers every time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

struct ConstantGenerator: RandomNumberGenerator {
    let value: UInt64
    mutating func next() -> UInt64 { value }
}
