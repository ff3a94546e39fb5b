// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora

/// How rows of a dataset become rows of a batch, from what the recipe asks and what the dataset is.
struct RowPacking {
    /// Whether documents of one row are kept apart.
    let isolated: Bool
    /// Whether samples are packed here because the dataset has one a row.
    let packs: Bool

    init(recipe: TrainingRecipe.Packing?, dataset: DatasetManifest.Packing?) throws {
        let isPacked = dataset == .documents || dataset == .isolated
        switch recipe {
        case nil:
            isolated = dataset != .documents
            packs = false
        case .some(.none):
            guard !isPacked else {
                throw TrainingError(
                    .invalidDataset, "recipe.packing", "is none, but the dataset's rows are packed",
                    remedy: "leave it out, or make the dataset with one sample a row")
            }
            isolated = true
            packs = false
        case .isolated, .documents:
            isolated = recipe == .isolated
            packs = !isPacked
        }
    }

    /// The samples in rows of at most `length` tokens, in their order, none of them cut.
    ///
    /// A row is closed when the next sample does not fit: order is kept, so the packing of a dataset is always the same.
    func pack(_ dataset: TokenDataset, into length: Int) throws -> PackedRows {
        var starts: [Int] = []
        var filled = length
        for index in 0..<dataset.count {
            let count = try dataset.length(index)
            if filled + count > length {
                starts.append(index)
                filled = 0
            }
            filled += count
        }
        return PackedRows(dataset, starts: starts)
    }
}
