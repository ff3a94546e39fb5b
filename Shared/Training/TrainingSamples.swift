// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Rows in a fixed order, read one at a time; the order in which they are learned is the trainer's.
public protocol TrainingSamples: Sendable {
    var count: Int { get }

    /// The row at an index below ``count``; the same every time.
    func sample(at index: Int) throws -> TrainingSample
}

/// Rows that are all in memory.
public struct SampleList: TrainingSamples {
    public let samples: [TrainingSample]

    public init(_ samples: [TrainingSample]) {
        self.samples = samples
    }

    public var count: Int { samples.count }

    public func sample(at index: Int) throws -> TrainingSample { samples[index] }
}
