// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A run of one process: every sum is its own.
public final class SingleRank: Collective {
    public init() {}

    public var rank: Int { 0 }
    public var size: Int { 1 }

    public func startReduce(_ values: UnsafeMutablePointer<Float>, _ shards: [Range<Int>]) {}
    public func startGather(_ values: UnsafeMutablePointer<Float>, _ shards: [Range<Int>]) {}
    public func finish() {}
    public func share(_ numbers: [Double]) -> [[Double]] { [numbers] }
    public func follow(_ flag: Bool) -> Bool { flag }
    public func close() {}
}
