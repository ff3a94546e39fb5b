// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a job asks for, such as `train.tune`: one queue a kind. Another version may know other kinds.
public struct JobKind: Identifier {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let tokenizeText = JobKind("tokenize.text")
    public static let tokenizeTrain = JobKind("tokenize.train")
    public static let tokenizeCorpus = JobKind("tokenize.corpus")
    public static let tokenizeInstructions = JobKind("tokenize.instructions")
    public static let trainPretrain = JobKind("train.pretrain")
    public static let trainTune = JobKind("train.tune")
    public static let trainSupervised = JobKind("train.supervised")
    public static let trainMerge = JobKind("train.merge")
    public static let modelImport = JobKind("model.import")
    public static let modelQuantize = JobKind("model.quantize")
    public static let modelExport = JobKind("model.export")
    public static let inferGenerate = JobKind("infer.generate")
    public static let inferScore = JobKind("infer.score")
    public static let inferEmbed = JobKind("infer.embed")
    public static let evaluateTask = JobKind("evaluate.task")
    public static let evaluatePredictions = JobKind("evaluate.predictions")
    public static let evaluatePerplexity = JobKind("evaluate.perplexity")
    public static let evaluateForgetting = JobKind("evaluate.forgetting")
    public static let reportBuild = JobKind("report.build")

    /// Every kind that this version serves, with the type of its payload.
    public static let payloadTypes: [JobKind: any JobPayload.Type] = [
        .tokenizeText: TokenizeText.self,
        .tokenizeTrain: TokenizeTrain.self,
        .tokenizeCorpus: TokenizeCorpus.self,
        .tokenizeInstructions: TokenizeInstructions.self,
        .trainPretrain: TrainModel.self,
        .trainTune: TrainModel.self,
        .trainSupervised: TrainModel.self,
        .trainMerge: MergeAdapter.self,
        .modelImport: ConvertModel.self,
        .modelQuantize: ConvertModel.self,
        .modelExport: ConvertModel.self,
        .inferGenerate: GenerateText.self,
        .inferScore: ScoreText.self,
        .inferEmbed: EmbedTexts.self,
        .evaluateTask: EvaluateTask.self,
        .evaluatePredictions: EvaluatePredictions.self,
        .evaluatePerplexity: EvaluatePerplexity.self,
        .evaluateForgetting: EvaluateForgetting.self,
        .reportBuild: BuildReport.self,
    ]
}

extension JobKind: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}
