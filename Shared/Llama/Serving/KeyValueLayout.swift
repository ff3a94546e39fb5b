// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Where keys and values of a layer and head lie in a page.
struct KeyValueLayout: Sendable, Equatable {
    private let heads: Int
    private let keyFloats: Int
    private let headFloats: Int
    /// Floats of a page.
    let pageFloats: Int

    init(_ c: LlamaConfiguration) {
        let (tokens, columns) = (KeyValuePool.tokensPerPage, PanelMatrix.panelColumns)
        heads = c.keyValueHeadCount
        keyFloats = c.headDimension * tokens
        headFloats = keyFloats + PanelMatrix.panels(c.headDimension) * tokens * columns
        pageFloats = c.layerCount * heads * headFloats
    }

    var pageBytes: Int { pageFloats * 4 }

    func keys(_ layer: Int, _ head: Int) -> Int { (layer * heads + head) * headFloats }
    func values(_ layer: Int, _ head: Int) -> Int { keys(layer, head) + keyFloats }
}
