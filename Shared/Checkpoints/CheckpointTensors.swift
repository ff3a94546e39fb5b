// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The weights of a model in its files, under their published names.
protocol CheckpointTensors: Sendable {
    /// Checks that there are exactly these tensors in these shapes, before any is read.
    func check(_ expected: [ParameterLayout.Entry], tied: Bool) throws
    /// Copies a tensor into `target`, as float32, rows in the published order.
    func read(_ name: String, shape: Shape, into target: UnsafeMutableBufferPointer<Float>) throws
    /// A tensor where it lies, valid while this value lives; its rows are in the files' order.
    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix
    /// Where the files keep a row of a tensor, if their order is not the published one.
    func storedRow(of name: String) -> ((Int) -> Int)?
    /// Gives the memory of what was read back.
    func release()
}
