// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Where keys and values of a layer and head lie in a page.
struct KeyValueLayout: Sendable, Equatable {
    private let heads: Int
    private let keyElements: Int
    private let headElements: Int
    /// Whether elements are float16, else float32.
    let isHalf: Bool
    /// Bytes of a page.
    let pageBytes: Int

    init(_ c: LlamaConfiguration, isHalf: Bool) {
        let (tokens, columns) = (KeyValuePool.tokensPerPage, PanelMatrix.panelColumns)
        heads = c.keyValueHeadCount
        keyElements = c.headDimension * tokens
        headElements = keyElements + PanelMatrix.panels(c.headDimension) * tokens * columns
        self.isHalf = isHalf
        pageBytes = c.layerCount * heads * headElements * (isHalf ? 2 : 4)
    }

    /// The element that keys of a head begin at, and its values.
    func keys(_ layer: Int, _ head: Int) -> Int { (layer * heads + head) * headElements }
    func values(_ layer: Int, _ head: Int) -> Int { keys(layer, head) + keyElements }
}
