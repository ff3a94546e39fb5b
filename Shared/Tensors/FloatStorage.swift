// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Float32 memory: owned and aligned to 64 bytes, or borrowed read-only from an owner that is kept alive.
///
/// Invariant behind `@unchecked Sendable`: the memory is written only through a `Tensor` or `ParameterSet` that holds
/// the one reference to it (they copy first if it is shared or borrowed), so shared storage never changes.
final class FloatStorage: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    /// Keeps borrowed memory alive; nil for owned memory.
    private let owner: (any Sendable & AnyObject)?
    private let mappedBytes: Int
    /// A number that no other content has had: taken anew before each write.
    private(set) var revision = FloatStorage.nextRevision()

    private static let revisions = Atomic<UInt64>(0)

    private static func nextRevision() -> UInt64 { revisions.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Says that the content is about to change.
    func willWrite() { revision = Self.nextRevision() }

    /// Owned memory, all zeros. Large blocks come as untouched pages, so they cost nothing until written.
    init(count: Int) throws(TensorError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard count >= 0, !overflow else {
            throw TensorError(.outOfMemory, "cannot allocate \(count) floats: the size is out of range")
        }
        self.count = count
        self.owner = nil
        if bytes >= 1 << 20 {
            let size = (bytes + 4095) & ~4095
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
            guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED else {
                throw Self.refused(bytes)
            }
            madvise(memory, size, 14)  // MADV_HUGEPAGE: matrix products walk large blocks
            base = memory.bindMemory(to: Float.self, capacity: count)
            mappedBytes = size
        } else {
            var memory: UnsafeMutableRawPointer?
            guard posix_memalign(&memory, 64, max(bytes, 64)) == 0, let memory else { throw Self.refused(bytes) }
            memset(memory, 0, max(bytes, 64))
            base = memory.bindMemory(to: Float.self, capacity: max(count, 16))
            mappedBytes = 0
        }
    }

    /// Memory of `owner`, read-only.
    init(borrowing pointer: UnsafePointer<Float>, count: Int, owner: any Sendable & AnyObject) {
        self.base = UnsafeMutablePointer(mutating: pointer)
        self.count = count
        self.owner = owner
        self.mappedBytes = 0
    }

    deinit {
        guard owner == nil else { return }
        if mappedBytes > 0 { munmap(base, mappedBytes) } else { free(base) }
    }

    /// Whether the memory belongs to something else and must not be written.
    var isBorrowed: Bool { owner != nil }

    /// Owned memory with the same values.
    func copy() throws(TensorError) -> FloatStorage {
        let other = try FloatStorage(count: count)
        memcpy(other.base, base, count * MemoryLayout<Float>.stride)
        return other
    }

    private static func refused(_ bytes: Int) -> TensorError {
        TensorError(
            .outOfMemory,
            "the operating system refused \(bytes) bytes of memory; use a smaller model or batch, or more memory")
    }
}
