// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A float32 array of any rank, row-major and contiguous, with value semantics.
///
/// Copies share memory until one of them is written. A tensor may borrow read-only memory (a mapped file); writing to
/// it copies first.
public struct Tensor: Sendable {
    /// The extents, outermost first.
    public let shape: Shape
    private var storage: FloatStorage

    /// A tensor of zeros. Stops the process if the memory is refused: sizes read from files are checked before.
    public init(zeros shape: Shape) {
        self.shape = shape
        do { storage = try FloatStorage(count: shape.count) } catch { fatalError(error.description) }
    }

    /// A tensor of these values in row-major order; their number must be the shape's.
    public init(_ values: [Float], shape: Shape) {
        precondition(values.count == shape.count, "\(values.count) values do not fill the shape \(shape)")
        self.init(zeros: shape)
        values.withUnsafeBufferPointer { source in
            if let first = source.baseAddress { storage.base.update(from: first, count: values.count) }
        }
    }

    /// A tensor that reads the memory of `owner` in place; `pointer` must hold `shape.count` floats while it lives.
    public init(borrowing pointer: UnsafePointer<Float>, shape: Shape, owner: any Sendable & AnyObject) {
        self.shape = shape
        storage = FloatStorage(borrowing: pointer, count: shape.count, owner: owner)
    }

    /// The number of elements.
    public var count: Int { shape.count }

    /// All values in row-major order.
    public var values: [Float] { withUnsafeValues { Array($0) } }

    /// The element at an index of every dimension.
    public subscript(indices: Int...) -> Float {
        precondition(indices.count == shape.rank, "\(indices.count) indices for the shape \(shape)")
        var offset = 0
        for (index, extent) in zip(indices, shape.dimensions) {
            precondition(index >= 0 && index < extent, "index \(indices) outside the shape \(shape)")
            offset = offset * extent + index
        }
        return storage.base[offset]
    }

    /// Read access to the values.
    public func withUnsafeValues<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: storage.base, count: count))
    }

    /// Write access to the values; copies them first if they are shared or borrowed.
    public mutating func withUnsafeMutableValues<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        if storage.isBorrowed || !isKnownUniquelyReferenced(&storage) {
            do { storage = try storage.copy() } catch { fatalError(error.description) }
        }
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
    }
}
