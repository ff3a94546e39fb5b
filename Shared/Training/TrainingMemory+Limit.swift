// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension TrainingMemory {
    /// Refuses a run that cannot fit, before the system ends it in the middle.
    ///
    /// - Parameters:
    ///   - available: bytes that may still be taken; nil starts whatever the run needs.
    ///   - isModelLoaded: whether the model is in memory already.
    /// - Throws: `memory`, with what is needed, what there is, and which settings would help.
    public func check(available: Int?, _ recipe: TrainingRecipe, isModelLoaded: Bool = false) throws {
        let needed = isModelLoaded ? beyondModel : total
        guard let available, needed > available else { return }
        func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded(.up) / 10) GB" }
        let largest = bytes.max { $0.value < $1.value }?.key.rawValue ?? ""
        var remedies = ["lower recipe.microBatch (and raise accumulation) or sequenceLength"]
        if recipe.recompute == .none { remedies.append("write recompute: block") }
        if recipe.lora == nil { remedies.append("train an adapter (lora)") }
        throw TrainingError(
            .memory, "memory",
            "the run takes " + (isModelLoaded ? "" : "at least ") + gigabytes(needed)
                + (isModelLoaded ? " beside the model" : "")
                + ", \(gigabytes(available)) are available; the largest part is \(largest)",
            remedy: remedies.joined(separator: ", "))
    }
}
