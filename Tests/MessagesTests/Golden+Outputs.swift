// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

extension Golden {
    static let summary = TrainingSummary(
        steps: 10, tokens: 20_480, seconds: 3.5, tokensPerSecond: 5851.5, modelFlopsUtilization: 0.5,
        trainedParameters: 260_032, resumedFrom: 4,
        lossCurve: [
            .init(step: 1, loss: 5.25), .init(step: 10, loss: 2.5, learningRate: 0.001, gradientNorm: 0.75),
        ], evaluations: [.init(step: 10, perplexity: 12, perplexityByDomain: ["clinical": 12])],
        published: [PublishedModel(step: 5, model: model)])

    /// One output of every kind.
    static let outputs: [Golden] = [
        Golden("output.tokenize.text", TokenizeText.Output(ids: [[1, 15043], []])),
        Golden("output.tokenize.train", TokenizeTrain.Output(tokenizer: model, vocabularySize: 2048)),
        Golden(
            "output.tokenize.corpus",
            TokenizeCorpus.Output(
                dataset: model, heldOut: ["clinical": .artifact(digest("c"))],
                tokens: TokenCounts(total: 3, byDomain: ["clinical": 3], bySource: ["notes": 3]),
                dropped: [DroppedCount(source: "notes", reason: "duplicate", documents: 2)],
                repeated: ["clinical": 1.5])),
        Golden(
            "output.tokenize.instructions",
            TokenizeInstructions.Output(
                dataset: model, samples: ["w": 10], tokens: ["w": 900], truncated: 1, dropped: [])),
        Golden("output.train", TrainModel.Output(model: model, adapter: .artifact(digest("b")), summary: summary)),
        Golden("output.train.merge", MergeAdapter.Output(model: model)),
        Golden("output.model.convert", ConvertModel.Output(model: model)),
        Golden(
            "output.infer.generate",
            GenerateText.Output(results: [
                GenerationResult(text: "yes", ids: [4874], finishReason: .choice, logprobs: [-0.25]),
                GenerationResult(text: "", ids: [], finishReason: .endOfSequence),
                GenerationResult(
                    text: "no", ids: [694], finishReason: .length, logprobs: [-1.5], tokens: ["no"],
                    topLogprobs: [[TokenLogprob(id: 4874, text: "yes", logprob: -0.25)]],
                    promptLogprobs: PromptLogprobs(
                        ids: [1, 5], tokens: ["", "a"], logprobs: [nil, -2],
                        topLogprobs: [[], [TokenLogprob(id: 6, logprob: -0.5)]]),
                    promptTokens: 2, chatTemplate: "plain"),
            ])),
        Golden(
            "output.infer.score",
            ScoreText.Output(
                results: [.init(logLikelihood: -12.5, tokenCount: 3, isGreedy: false)], instructions: "avx512-dot")),
        Golden(
            "output.infer.embed",
            EmbedTexts.Output(vectors: model, tokens: [3], truncated: 0, embeddings: [[0.5, -0.25]])),
        Golden(
            "output.evaluate.task",
            EvaluateTask.Output(
                subject: "base", metrics: ["accuracy": MetricValue(value: 0.5, low: 0.4, high: 0.6)], parseRate: 1,
                truncated: 2, unfit: 0, items: 100, rows: model, result: ["task": "pubmedqa"])),
        Golden(
            "output.evaluate.perplexity",
            EvaluatePerplexity.Output(
                subject: "base",
                perplexity: ["clinical": .init(perplexity: 12.5, bitsPerByte: 1.25, tokens: 1000)])),
        Golden(
            "output.evaluate.forgetting",
            EvaluateForgetting.Output(differences: [
                .init(
                    task: "mmlu", metric: "accuracy", before: 0.5, after: 0.25,
                    difference: MetricValue(value: -0.25, low: -0.5, high: 0), items: 40,
                    measurable: false, mcNemar: 0.25)
            ])),
        Golden("output.report.build", BuildReport.Output(report: model, text: "a table")),
    ]
}
