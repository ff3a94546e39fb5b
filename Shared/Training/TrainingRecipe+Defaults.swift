// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension TrainingRecipe {
    /// The paper's recipe of a stage, changed where `overrides` says so, and validated.
    ///
    /// Sources, section by section of "Me LLaMA": continual pre-training states AdamW (β1 0.9, β2 0.95, weight decay
    /// 1e-5), 8e-6 with a cosine schedule, warm-up ratio 0.05, bf16, gradient accumulation 16, one epoch; instruction
    /// tuning states 1e-5, warm-up ratio 0.01, weight decay 1e-5, LoRA, three epochs; supervised fine-tuning states
    /// the same rate and warm-up, five epochs below 10,000 training samples and three from there on. What the paper
    /// leaves open follows torch.optim.AdamW (epsilon 1e-8), the Hugging Face trainer (norm limit 1.0), PEFT's usual setting
    /// (rank 8, alpha 16) on all seven projections and OLMo-core's limit of a spike (6 standard deviations). Precision is float32 unless bfloat16 is asked for.
    public init(stage: TrainingStage, overrides: Overrides = Overrides()) throws {
        let isPretraining = stage == .pretrain
        learningRate = overrides.learningRate ?? (isPretraining ? 8e-6 : 1e-5)
        schedule = overrides.schedule ?? .cosine
        warmupSteps = overrides.warmupSteps
        warmupRatio = overrides.warmupRatio ?? (overrides.warmupSteps == nil ? (isPretraining ? 0.05 : 0.01) : nil)
        maxSteps = overrides.maxSteps
        epochs = overrides.epochs ?? (overrides.maxSteps == nil ? Self.epochs(of: stage) : nil)
        microBatch = overrides.microBatch ?? 1
        accumulation = overrides.accumulation ?? 16
        sequenceLength = overrides.sequenceLength
        packing = overrides.packing
        shuffle = overrides.shuffle ?? true
        seed = overrides.seed ?? 0
        beta1 = overrides.beta1 ?? 0.9
        beta2 = overrides.beta2 ?? 0.95
        epsilon = overrides.epsilon ?? 1e-8
        weightDecay = overrides.weightDecay ?? 1e-5
        clipNorm = overrides.clipNorm ?? 1
        precision = overrides.precision ?? .float32
        checkpointEvery = overrides.checkpointEvery ?? 100
        evaluateEvery = overrides.evaluateEvery ?? 0
        publishEvery = overrides.publishEvery ?? 0
        spikeDeviations = overrides.spikeDeviations ?? 6
        ranks = overrides.ranks ?? 1
        recompute = overrides.recompute ?? .none
        if overrides.lora != nil || stage == .instructionTuning {
            let written = overrides.lora ?? Overrides.LoRA()
            lora = LoRA(
                rank: written.rank ?? 8, alpha: written.alpha ?? 16, dropout: written.dropout ?? 0,
                targets: written.targets ?? Self.projections, rslora: written.rslora ?? false)
        } else {
            lora = nil
        }
        try validate()
    }

    static func epochs(of stage: TrainingStage) -> Int {
        switch stage {
        case .pretrain: 1
        case .instructionTuning: 3
        case .supervised(let samples): samples < 10_000 ? 5 : 3
        }
    }
}
