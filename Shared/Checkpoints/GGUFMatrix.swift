// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import Tensors

/// A matrix (or, with one row, a vector) of a GGUF file as it is stored, with its rows in the published order.
public struct GGUFMatrix: Sendable {
    let file: GGUFFile
    let entry: GGUFFile.Entry
    let name: String
    let names: LlamaTensorNames

    /// How elements are stored.
    public var format: WeightFormat { entry.format }
    /// The extents.
    public var shape: Shape { entry.shape }
    /// The number of rows; 1 for a vector.
    public var rowCount: Int { shape.rank == 1 ? 1 : shape.dimensions[0] }
    /// Elements of a row.
    public var rowLength: Int { shape.dimensions[shape.rank - 1] }
    /// Bytes of a row.
    public var rowBytes: Int { rowCount == 0 ? 0 : entry.range.count / rowCount }

    /// Gives `body` the bytes of one row, which may be unaligned and are valid only inside it.
    public func withRow<R>(_ row: Int, _ body: (UnsafeRawPointer) throws -> R) rethrows -> R {
        precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)")
        let place = entry.range.lowerBound + names.storedRow(row, of: name) * rowBytes
        return try withExtendedLifetime(file.file) {
            guard let base = file.file.bytes.baseAddress else { preconditionFailure("an empty file has no rows") }
            return try body(base + place)
        }
    }
}
