// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One of the three ways the paper trains a model; it decides the defaults of a recipe and nothing else.
public enum TrainingStage: Sendable, Hashable {
    /// Continual pre-training on a mixed corpus (paper, "Continual pre-training").
    case pretrain
    /// Instruction tuning with low-rank adapters (paper, "Instruction tuning").
    case instructionTuning
    /// Supervised fine-tuning on the train split of one benchmark dataset (paper, "Supervised fine-tuning").
    case supervised(trainingSamples: Int)
}
