// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The rows of one call: the new tokens of all sequences, those of one adapter side by side.
struct ServedBatch {
    /// The new tokens of one sequence.
    struct Sequence {
        let start: Int
        let count: Int
        /// Tokens before them.
        let past: Int
        let pages: [UnsafeMutableRawPointer]
    }

    /// Rows that share an adapter, or that have none.
    struct Run {
        let rows: Range<Int>
        let adapter: ServedAdapter?
    }

    let ids: [Int32]
    let positions: [Int]
    let sequences: [Sequence]
    let runs: [Run]
    /// The rows that logits are wanted for, in the order of the steps.
    let wanted: [Int]

    var rows: Int { ids.count }

    init(_ steps: [ServedStep]) {
        // Adapters in the order in which they first occur.
        var places: [ObjectIdentifier?: Int] = [:]
        for step in steps {
            let key = step.adapter.map(ObjectIdentifier.init)
            if places[key] == nil { places[key] = places.count }
        }
        let order = steps.indices.sorted {
            let first = places[steps[$0].adapter.map(ObjectIdentifier.init)] ?? 0
            let second = places[steps[$1].adapter.map(ObjectIdentifier.init)] ?? 0
            return (first, $0) < (second, $1)
        }
        var ids: [Int32] = []
        var positions: [Int] = []
        var sequences: [Sequence] = []
        var runs: [Run] = []
        var starts = [Int](repeating: 0, count: steps.count)
        for index in order {
            let step = steps[index]
            let (start, past) = (ids.count, step.cache.count)
            starts[index] = start
            ids += step.tokens
            positions += past..<past + step.tokens.count
            sequences.append(
                Sequence(start: start, count: step.tokens.count, past: past, pages: step.cache.pages.map(\.base)))
            if let last = runs.last, last.adapter === step.adapter {
                runs[runs.count - 1] = Run(rows: last.rows.lowerBound..<ids.count, adapter: last.adapter)
            } else {
                runs.append(Run(rows: start..<ids.count, adapter: step.adapter))
            }
        }
        wanted = steps.enumerated().flatMap { index, step -> Range<Int> in
            let end = starts[index] + step.tokens.count
            switch step.logits {
            case .none: return end..<end
            case .last: return end - 1..<end
            case .all: return starts[index]..<end
            }
        }
        self.ids = ids
        self.positions = positions
        self.sequences = sequences
        self.runs = runs
    }
}
