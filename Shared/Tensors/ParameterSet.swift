// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Named tensors in one block of float32 memory, with value semantics: weights, gradients, optimizer moments.
///
/// Copies share memory until one is written, so a set can be handed to any number of readers, and an optimizer that
/// holds the only copy updates it in place.
public struct ParameterSet: Sendable {
    /// Names, shapes and places of the tensors.
    public let layout: ParameterLayout
    private var storage: FloatStorage

    /// A set of zeros; untouched pages cost nothing. Throws if the memory is refused.
    public init(zeros layout: ParameterLayout) throws(TensorError) {
        self.layout = layout
        self.storage = try FloatStorage(count: layout.count)
    }

    /// Floats in all tensors together.
    public var count: Int { layout.count }

    /// Changes with every write access: two sets of the same revision hold the same values.
    public var revision: UInt64 { storage.revision }

    /// A copy of one tensor, or nil if there is none of this name.
    public subscript(name: String) -> Tensor? {
        guard let entry = layout[name] else { return nil }
        return Tensor(borrowing: storage.base + entry.offset, shape: entry.shape, owner: storage)
    }

    /// Read access to the whole block.
    public func withUnsafeValues<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: storage.base, count: count))
    }

    /// Write access to the whole block. Copies it first if another set or tensor shares it, which stops the process
    /// if the memory is refused.
    public mutating func withUnsafeMutableValues<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        if !isKnownUniquelyReferenced(&storage) {
            do { storage = try storage.copy() } catch { fatalError(error.description) }
        }
        storage.willWrite()
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
    }

    /// Write access to one tensor; stops the process if there is none of this name.
    public mutating func withUnsafeMutableValues<R, E: Error>(
        of name: String, _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        guard let entry = layout[name] else { preconditionFailure("no parameter is named \(name)") }
        return try withUnsafeMutableValues { (all) throws(E) -> R in
            try body(UnsafeMutableBufferPointer(rebasing: all[entry.range]))
        }
    }

    /// Sets every value to zero.
    public mutating func zero() { zero(0..<count) }

    /// Sets the values at these places to zero.
    public mutating func zero(_ places: Range<Int>) {
        withUnsafeMutableValues { all in
            guard let base = all.baseAddress else { return }
            ThreadPool.shared.parallel(places.count, grain: 1 << 18) { range in
                (base + places.lowerBound + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
    }
}
