// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One block of memory for the matrices of a model: its own, in large pages where the system gives them, or a file's
/// that processes share.
///
/// Parts are taken in the same order whether they are packed or were packed before, so that they lie at the same places.
///
/// Invariant behind `@unchecked Sendable`: a matrix writes only its own part, while it is packed and before it is shared.
public final class PanelMemory: @unchecked Sendable {
    /// How panels lie in memory: a number that changes whenever what is packed from the same weights would differ.
    public static let packingVersion = 1

    private let base: UnsafeMutableRawPointer
    /// What keeps the memory alive.
    public let owner: any Sendable & AnyObject
    private let used = Mutex(0)
    /// The bytes there are.
    public let bytes: Int
    /// Whether the weights were in it from the beginning: then it is read-only, and nothing is packed.
    public let holdsWeights: Bool

    /// Memory of `bytes`. Throws if the system refuses.
    public init(bytes: Int) throws(TensorError) {
        let storage = try FloatStorage(count: (bytes + 3) / 4)
        (base, owner, holdsWeights) = (UnsafeMutableRawPointer(storage.base), storage, false)
        self.bytes = storage.count * 4
    }

    /// Memory of an `owner` that is kept alive, aligned to 64 bytes.
    public init(
        over base: UnsafeMutableRawPointer, bytes: Int, owner: any Sendable & AnyObject, holdsWeights: Bool
    ) {
        (self.base, self.bytes, self.owner, self.holdsWeights) = (base, bytes, owner, holdsWeights)
    }

    /// The first row of a stored matrix of `count` columns as float32; nil where the memory holds it already.
    public func vector(_ stored: StoredMatrix?, count: Int) -> UnsafePointer<Float> {
        let to = take(count * 4).bindMemory(to: Float.self, capacity: count)
        precondition(stored.map { $0.columns == count } ?? holdsWeights, "a vector of \(count) is missing")
        stored?.widen(0, into: to)
        return UnsafePointer(to)
    }

    /// Reads the last `bytes` on all threads and gives their sum, so that nothing is left out: for measuring memory.
    public func read(bytes: Int) -> UInt64 {
        ServingKernels.read(UnsafeRawPointer(base) + (self.bytes - bytes) / 64 * 64, bytes: bytes)
    }

    /// Bytes that a part of `bytes` takes.
    public static func size(_ bytes: Int) -> Int { (bytes + 63) & ~63 }

    /// The next `bytes` of it, aligned to 64.
    func take(_ bytes: Int) -> UnsafeMutableRawPointer {
        let offset = used.withLock { used in
            defer { used += Self.size(bytes) }
            return used
        }
        precondition(offset + bytes <= self.bytes, "\(bytes) bytes do not fit after \(offset) of \(self.bytes)")
        return base + offset
    }
}
