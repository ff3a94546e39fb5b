// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The ranks of a run that `mpirun` started, over Open MPI.
///
/// Only messages between two ranks are MPI's; who adds what in which order is written here. Each rank sends its part of
/// a shard straight to the shard's owner, which adds the parts in the order of the ranks.
///
/// Invariant behind `@unchecked Sendable`: `thread` guards itself, the rest never changes.
public final class MPICollective: Collective, @unchecked Sendable {
    /// Sums under way at a time, which hold at most as much memory as what they add.
    public static let sumsUnderWay = MessageThread.window

    public let rank: Int
    public let size: Int
    private let thread: MessageThread

    /// Joins the other ranks; returns when all have.
    ///
    /// Throws `unavailable` where no Open MPI is installed.
    public init() throws(CollectiveError) {
        thread = try MessageThread()
        (rank, size) = try thread.place()
    }

    private var others: [Int] { (0..<size).filter { $0 != rank } }

    public func startReduce(
        _ values: UnsafeMutablePointer<Float>, _ shards: [Range<Int>]
    ) throws(CollectiveError) {
        let (rank, others) = (rank, others)
        let own = shards[rank]
        try thread.add(
            Exchange {
                let scratch = UnsafeMutablePointer<Float>.allocate(capacity: max(1, own.count * others.count))
                var messages = Exchange.Messages()
                for (place, peer) in others.enumerated() {
                    messages.sends.append(peer, values, shards[peer])
                    messages.receives.append(peer, scratch, place * own.count..<(place + 1) * own.count)
                }
                messages.complete = {
                    Self.add(scratch, ranks: others.count, into: values + own.lowerBound, rank, count: own.count)
                    scratch.deallocate()
                }
                return messages
            })
    }

    public func startGather(
        _ values: UnsafeMutablePointer<Float>, _ shards: [Range<Int>]
    ) throws(CollectiveError) {
        let (own, others) = (shards[rank], others)
        try thread.add(
            Exchange {
                var messages = Exchange.Messages()
                for peer in others {
                    messages.sends.append(peer, values, own)
                    messages.receives.append(peer, values, shards[peer])
                }
                return messages
            })
    }

    public func finish() throws(CollectiveError) { try thread.wait() }

    public func share(_ numbers: [Double]) throws(CollectiveError) -> [[Double]] {
        let (rank, size, count) = (rank, size, numbers.count)
        let memory = UnsafeMutablePointer<Double>.allocate(capacity: max(1, size * count))
        defer { memory.deallocate() }
        (memory + rank * count).update(from: numbers, count: count)
        let bytes = count * MemoryLayout<Double>.stride
        let parts = others.map {
            Exchange.Part(peer: $0, memory: UnsafeMutableRawPointer(memory + $0 * count), bytes: bytes)
        }
        let own = UnsafeMutableRawPointer(memory + rank * count)
        let exchange = Exchange {
            Exchange.Messages(
                sends: parts.map { Exchange.Part(peer: $0.peer, memory: own, bytes: bytes) }, receives: parts)
        }
        try thread.add(exchange)
        try thread.wait(for: exchange)
        return (0..<size).map { Array(UnsafeBufferPointer(start: memory + $0 * count, count: count)) }
    }

    public func follow(_ flag: Bool) throws(CollectiveError) -> Bool {
        let memory = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
        memory.initialize(to: flag)
        let own = UnsafeMutableRawPointer(memory)
        guard rank == 0 else {
            defer { memory.deallocate() }
            let exchange = Exchange {
                Exchange.Messages(receives: [Exchange.Part(peer: 0, memory: own, bytes: 1)])
            }
            try thread.add(exchange)
            try thread.wait(for: exchange)
            return memory.pointee
        }
        let parts = others.map { Exchange.Part(peer: $0, memory: own, bytes: 1) }
        try thread.add(Exchange { Exchange.Messages(sends: parts, complete: { memory.deallocate() }) })
        return flag
    }

    public func close() throws(CollectiveError) {
        // Ranks that are early wait here, asleep, and not inside MPI.
        _ = try share([0])
        try thread.close()
    }

    /// target = part of rank 0 + part of rank 1 + …, where `target` holds this rank's part and `parts` the others'.
    private static func add(
        _ parts: UnsafeMutablePointer<Float>, ranks: Int, into target: UnsafeMutablePointer<Float>, _ rank: Int,
        count: Int
    ) {
        // A piece at a time, so that it is read once from memory.
        let piece = 4096
        for first in stride(from: 0, to: count, by: piece) {
            let length = min(piece, count - first)
            let own = target + first
            guard rank > 0 else {
                for part in 0..<ranks { add(parts + part * count + first, to: own, length) }
                continue
            }
            let sum = parts + first
            for part in 1..<max(1, rank) { add(parts + part * count + first, to: sum, length) }
            add(own, to: sum, length)
            for part in rank..<ranks { add(parts + part * count + first, to: sum, length) }
            own.update(from: sum, count: length)
        }
    }

    private static func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
        for index in 0..<count { target[index] += source[index] }
    }
}

extension [Exchange.Part] {
    fileprivate mutating func append(_ peer: Int, _ values: UnsafeMutablePointer<Float>, _ range: Range<Int>) {
        let bytes = range.count * MemoryLayout<Float>.stride
        precondition(bytes <= Int(Int32.max), "a shard takes less than 2 GB")
        append(Exchange.Part(peer: peer, memory: UnsafeMutableRawPointer(values + range.lowerBound), bytes: bytes))
    }
}
