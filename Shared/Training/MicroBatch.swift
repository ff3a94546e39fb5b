// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Llama

/// The rows of one forward and backward pass, and where they come from.
struct MicroBatch: Sendable {
    let tokens: TokenBatch
    /// The domain of each row, where the dataset knows it.
    let domains: [CorpusDomain?]
    /// Numbers of the dataset's rows in it, counted from 0.
    let samples: [Int]

    /// Rows named so that they can be looked up: `dataset rows 5, 17; clinical, general`. Never their text.
    static func rows(of batches: ArraySlice<MicroBatch>) -> String {
        let most = 16
        let samples = batches.flatMap(\.samples)
        let numbers = samples.prefix(most).map(String.init).joined(separator: ", ")
        let more = samples.count > most ? " and \(samples.count - most) more" : ""
        let names = Set(batches.flatMap { $0.domains.compactMap { $0?.rawValue } }).sorted().joined(separator: ", ")
        return "dataset row\(samples.count == 1 ? "" : "s") \(numbers)\(more)" + (names.isEmpty ? "" : "; \(names)")
    }
}
