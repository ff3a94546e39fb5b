// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// Where the repacked weights of one model are kept, so that what was packed once is not packed again.
public protocol PackedWeightPlace {
    /// Memory of `bytes` for weights of this layout: with them in it if they were kept before, else to be packed into.
    ///
    /// Throws `outOfMemory`.
    func memory(layout: String, bytes: Int) throws -> PanelMemory

    /// Says that the weights are whole in what `memory` gave, which nobody writes from now on.
    func keep(_ memory: PanelMemory)
}
