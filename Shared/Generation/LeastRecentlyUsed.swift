// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Values kept within a budget of bytes; the one that was used longest ago leaves first.
///
/// A value in use is pinned and never leaves. Time is the order of calls: there is no clock.
public struct LeastRecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var value: Value
        let bytes: Int
        var lastUse: Int
        var pins: Int
    }

    /// What became of a value that was offered.
    public enum Insertion: Sendable {
        /// It is kept; these were dropped for it.
        case kept(dropped: [Key])
        /// It does not fit: larger than the budget, or what is there is in use.
        case refused
    }

    public let budget: Int
    private var entries: [Key: Entry] = [:]
    private var uses = 0

    /// The bytes of all values kept.
    public private(set) var bytes = 0

    /// An empty set that may hold `budget` bytes.
    public init(budget: Int) {
        self.budget = budget
    }

    /// The keys kept, least recently used first.
    public var keys: [Key] {
        entries.sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
    }

    /// The value under `key`, which becomes the most recently used.
    public mutating func value(for key: Key) -> Value? {
        guard entries[key] != nil else { return nil }
        let use = nextUse()
        entries[key]?.lastUse = use
        return entries[key]?.value
    }

    /// Keeps `value`, dropping as few of the least recently used as needed; replaces one under the same key.
    ///
    /// A key in use is not replaced. A refusal changes nothing.
    public mutating func insert(_ value: Value, bytes size: Int, for key: Key) -> Insertion {
        guard size >= 0, size <= budget else { return .refused }
        if let replaced = entries[key], replaced.pins > 0 { return .refused }
        guard let dropped = makeRoom(for: size, replacing: key) else { return .refused }
        bytes += size - (entries[key]?.bytes ?? 0)
        entries[key] = Entry(value: value, bytes: size, lastUse: nextUse(), pins: 0)
        return .kept(dropped: dropped)
    }

    /// Drops as few of the least recently used as a value of `size` bytes needs, which comes later; returns which.
    ///
    /// Nil, and nothing is dropped, where it would not fit: larger than the budget, or what is there is in use.
    public mutating func makeRoom(for size: Int, replacing key: Key? = nil) -> [Key]? {
        var total = bytes - (key.flatMap { entries[$0]?.bytes } ?? 0)
        var dropped: [Key] = []
        let order = entries.filter { $0.key != key && $0.value.pins == 0 }.sorted {
            $0.value.lastUse < $1.value.lastUse
        }
        for (candidate, entry) in order where total > budget - size {
            total -= entry.bytes
            dropped.append(candidate)
        }
        guard size <= budget, total <= budget - size else { return nil }
        for candidate in dropped { bytes -= entries.removeValue(forKey: candidate)?.bytes ?? 0 }
        return dropped
    }

    /// Marks a value as in use; each call needs an ``unpin(_:)``. False when there is no such value.
    public mutating func pin(_ key: Key) -> Bool {
        guard entries[key] != nil else { return false }
        let use = nextUse()
        entries[key]?.pins += 1
        entries[key]?.lastUse = use
        return true
    }

    /// Ends one use of a value.
    public mutating func unpin(_ key: Key) {
        guard let pins = entries[key]?.pins, pins > 0 else { return }
        entries[key]?.pins = pins - 1
    }

    /// Drops a value that is not in use; returns whether it is gone.
    public mutating func remove(_ key: Key) -> Bool {
        guard let entry = entries[key] else { return true }
        guard entry.pins == 0 else { return false }
        entries[key] = nil
        bytes -= entry.bytes
        return true
    }

    private mutating func nextUse() -> Int {
        uses += 1
        return uses
    }
}
