// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The weights of a model in its files, under their published names and in the published order of rows.
protocol CheckpointTensors {
    /// Checks that there are exactly these tensors in these shapes, before any is read.
    func check(_ expected: [ParameterLayout.Entry], tied: Bool) throws
    /// Copies a tensor into `target`, as float32.
    func read(_ name: String, shape: Shape, into target: UnsafeMutableBufferPointer<Float>) throws
}
