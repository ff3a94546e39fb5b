// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One block of memory for the matrices of a model, in large pages where the system gives them.
///
/// Invariant behind `@unchecked Sendable`: a matrix writes only its own part, while it is packed and before it is shared.
public final class PanelMemory: @unchecked Sendable {
    private let storage: FloatStorage
    private let used = Mutex(0)

    /// Memory of `bytes`. Throws if the system refuses.
    public init(bytes: Int) throws(TensorError) { storage = try FloatStorage(count: (bytes + 3) / 4) }

    /// The bytes there are.
    public var bytes: Int { storage.count * 4 }

    /// The first row of a stored matrix as float32.
    public func vector(_ stored: StoredMatrix) -> UnsafePointer<Float> {
        let to = take(stored.columns * 4).bindMemory(to: Float.self, capacity: stored.columns)
        stored.widen(0, into: to)
        return UnsafePointer(to)
    }

    /// Reads the last `bytes` on all threads and gives their sum, so that nothing is left out: for measuring memory.
    public func read(bytes: Int) -> UInt64 {
        ServingKernels.read(UnsafeRawPointer(storage.base) + (self.bytes - bytes) / 64 * 64, bytes: bytes)
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
        return UnsafeMutableRawPointer(storage.base) + offset
    }
}
