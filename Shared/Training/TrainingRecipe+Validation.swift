// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension TrainingRecipe {
    /// The projections an adapter may sit on, in the order of a block.
    public static let projections = [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]

    /// Throws an error that names the first field out of bounds and its bound.
    public func validate() throws {
        try require("learningRate", learningRate, "above 0 and at most 10") { $0 > 0 && $0 <= 10 }
        if let warmupRatio { try require("warmupRatio", warmupRatio, "from 0 to 1") { $0 >= 0 && $0 <= 1 } }
        if let warmupSteps { try require("warmupSteps", warmupSteps, "at least 0") { $0 >= 0 } }
        guard warmupRatio == nil || warmupSteps == nil else {
            throw TrainingError(
                .invalidRecipe, "recipe.warmupRatio", "is given beside warmupSteps", remedy: "write one of the two")
        }
        if let epochs { try require("epochs", epochs, "from 1 to 1000000") { (1...1_000_000).contains($0) } }
        if let maxSteps {
            try require("maxSteps", maxSteps, "from 1 to 1000000000") { (1...1_000_000_000).contains($0) }
        }
        guard (epochs == nil) != (maxSteps == nil) else {
            throw TrainingError(
                .invalidRecipe, "recipe.epochs", "is given beside maxSteps", remedy: "write one of the two")
        }
        try require("microBatch", microBatch, "from 1 to 4096") { (1...4096).contains($0) }
        try require("accumulation", accumulation, "from 1 to 65536") { (1...65_536).contains($0) }
        if let sequenceLength {
            try require("sequenceLength", sequenceLength, "from 2 to 1048576") { (2...1_048_576).contains($0) }
        }
        try require("beta1", beta1, "from 0 to below 1") { $0 >= 0 && $0 < 1 }
        try require("beta2", beta2, "from 0 to below 1") { $0 >= 0 && $0 < 1 }
        try require("epsilon", epsilon, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try require("weightDecay", weightDecay, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
        try require("clipNorm", clipNorm, "at least 0 (0 turns clipping off)") { $0 >= 0 && $0.isFinite }
        try require("checkpointEvery", checkpointEvery, "at least 0") { $0 >= 0 }
        try require("evaluateEvery", evaluateEvery, "at least 0") { $0 >= 0 }
        try require("publishEvery", publishEvery, "at least 0") { $0 >= 0 }
        try require("spikeDeviations", spikeDeviations, "at least 0 (0 turns the check off)") { $0 >= 0 && $0.isFinite }
        try require("ranks", ranks, "from 1 to 4096") { (1...4096).contains($0) }
        if let lora { try validate(lora) }
    }

    private func validate(_ lora: LoRA) throws {
        try require("lora.rank", lora.rank, "from 1 to 4096") { (1...4096).contains($0) }
        try require("lora.alpha", lora.alpha, "above 0 and at most 65536") { $0 > 0 && $0 <= 65_536 }
        try require("lora.dropout", lora.dropout, "from 0 to below 1") { $0 >= 0 && $0 < 1 }
        guard !lora.targets.isEmpty, Set(lora.targets).count == lora.targets.count else {
            throw TrainingError(
                .invalidRecipe, "recipe.lora.targets", "is empty or names a projection twice",
                remedy: "name each of " + Self.projections.joined(separator: ", ") + " at most once")
        }
        for target in lora.targets where !Self.projections.contains(target) {
            throw TrainingError(
                .invalidRecipe, "recipe.lora.targets", "'\(target.prefix(64))' is no projection",
                remedy: "take from " + Self.projections.joined(separator: ", "))
        }
    }

    private func require<Value>(_ field: String, _ value: Value, _ bound: String, _ holds: (Value) -> Bool) throws {
        guard holds(value) else {
            throw TrainingError(
                .invalidRecipe, "recipe.\(field)", "is \(value), out of bounds", remedy: "write a value \(bound)")
        }
    }
}
