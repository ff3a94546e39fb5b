// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the processes of one run do together. Every rank calls the same functions in the same order.
///
/// Sums are made in the order of the ranks, whatever arrives first, so the same number of ranks gives the same bits.
public protocol Collective: AnyObject, Sendable {
    /// This process's number, from 0.
    var rank: Int { get }
    /// How many processes there are.
    var size: Int { get }

    /// Begins to add up `values` over all ranks; rank r gets the sum of the elements `shards[r]`.
    ///
    /// Goes on beside the caller until ``finish()``, until when `values` stays allocated and those elements untouched.
    /// Afterwards the elements of other shards are as they were. A shard takes less than 2 GB.
    func startReduce(_ values: UnsafeMutablePointer<Float>, _ shards: [Range<Int>]) throws(CollectiveError)

    /// Begins to fill `values` on every rank with what rank r has at `shards[r]`; as ``startReduce(_:_:)`` otherwise.
    func startGather(_ values: UnsafeMutablePointer<Float>, _ shards: [Range<Int>]) throws(CollectiveError)

    /// Waits for all that was begun. Throws `failed` where another rank is gone.
    func finish() throws(CollectiveError)

    /// The numbers of every rank, in order; each gives as many.
    func share(_ numbers: [Double]) throws(CollectiveError) -> [[Double]]

    /// What rank 0 says, on every rank. Rank 0 waits for nobody.
    func follow(_ flag: Bool) throws(CollectiveError) -> Bool

    /// Ends well, together with all other ranks; nothing may be called afterwards.
    func close() throws(CollectiveError)
}
