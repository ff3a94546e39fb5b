// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

extension Golden {
    static let model: DataReference = .artifact(digest("a"))

    static func digest(_ digit: Character) -> ArtifactID { ArtifactID("sha256:" + String(repeating: digit, count: 64)) }

    static let settings: TrainingSettings = {
        var settings = TrainingSettings()
        settings.learningRate = 8e-6
        settings.schedule = .cosine
        settings.warmupRatio = 0.05
        settings.epochs = 3
        settings.microBatch = 4
        settings.accumulation = 2
        settings.sequenceLength = 2048
        settings.packing = .isolated
        settings.shuffle = true
        settings.seed = 7
        settings.beta1 = 0.9
        settings.beta2 = 0.999
        settings.epsilon = 1e-8
        settings.weightDecay = 0
        settings.clipNorm = 1
        settings.precision = .float32
        settings.checkpointEvery = 100
        settings.evaluateEvery = 50
        settings.publishEvery = 200
        settings.spikeDeviations = 8
        settings.ranks = 1
        settings.recompute = TrainingSettings.Recompute.none
        settings.lora = .init(rank: 8, alpha: 16, dropout: 0.05, targets: ["q_proj", "v_proj"], rslora: false)
        return settings
    }()

    /// One message of every kind, with every field given.
    static let payloads: [(JobKind, any JobPayload & Hashable)] = [
        (.tokenizeText, TokenizeText(tokenizer: "t/tokenizer.model", texts: ["fever", "ß – 中"], addBOS: true)),
        (
            .tokenizeTrain,
            TokenizeTrain(sources: ["corpus/*.jsonl"], vocabularySize: 2048, algorithm: .bpe, byteFallback: true)
        ),
        (
            .tokenizeCorpus,
            TokenizeCorpus(
                tokenizer: "${vocabulary.tokenizer}",
                sources: [
                    CorpusSource(
                        name: "notes", domain: .clinical, path: "notes/*.jsonl", format: "jsonl", field: "text",
                        records: "0..<400", licence: "CC0-1.0", restricted: true),
                    CorpusSource(name: "web", domain: .general, path: "web.txt", format: "text"),
                ],
                mix: .paper, tokens: 100_000, sequenceLength: 256, seed: 3, holdout: 0.05, deduplicate: true,
                decontaminate: [BenchmarkData(task: "pubmedqa", data: "bench/pubmedqa.json")])
        ),
        (
            .tokenizeInstructions,
            TokenizeInstructions(
                tokenizer: model,
                sources: [
                    .init(
                        name: "wikidoc", format: "wikidoc", path: "w.jsonl", template: "WikiDocPatient", limit: 100),
                    .init(
                        name: "hoc", format: "hoc", path: "hoc", template: "code/1", split: "train", records: "0..<400"),
                ], sequenceLength: 512, packing: true, seed: 1)
        ),
        (
            .trainPretrain,
            TrainModel(
                model: .stored(model), dataset: "${corpus.dataset}",
                heldOut: ["general": "${corpus.heldOut.general}"], recipe: settings)
        ),
        (
            .trainTune,
            TrainModel(
                model: .fresh(configuration: ["hidden_size": 64, "rms_norm_eps": 1e-5], seed: 1, tokenizer: model),
                tokens: "tokens.jsonl")
        ),
        (.trainSupervised, TrainModel(model: .stored("models/base"), tokens: "tokens.jsonl")),
        (.trainMerge, MergeAdapter(model: model, adapter: .artifact(digest("b")), dtype: .bfloat16)),
        (.modelImport, ConvertModel(model: "models/tiny.gguf")),
        (.modelQuantize, ConvertModel(model: model, dtype: .q4)),
        (.modelExport, ConvertModel(model: model, format: .gguf, dtype: .bfloat16)),
        (
            .inferGenerate,
            GenerateText(
                model: .stored(model), adapter: .artifact(digest("b")),
                requests: [
                    GenerationRequest(
                        prompt: "Is it?", maxTokens: 16, temperature: 0.7, topK: 40, topP: 0.9, minP: 0.05,
                        repetitionPenalty: 1.1, seed: 5, stop: ["\n"], ignoreEndOfSequence: false,
                        choices: ["yes", "no"]),
                    GenerationRequest(promptIDs: [1, 2, 3]),
                    GenerationRequest(messages: [ChatMessage(role: .user, content: "hello")], chatTemplate: "llama3"),
                    GenerationRequest(
                        prompt: "The dose:",
                        responseFormat: ResponseFormat(
                            .jsonSchema, schema: ["type": "object", "properties": ["mg": ["type": "integer"]]]),
                        logprobs: 2, promptLogprobs: true, logitBias: ["7": -100, "1701": 1.5]),
                    GenerationRequest(
                        prompt: "Is it?", responseFormat: ResponseFormat(.choice, choices: [" yes", " no"])),
                ], addBOS: true, stream: true, restricted: true)
        ),
        (
            .inferScore,
            ScoreText(
                model: .stored(model), adapter: nil,
                requests: [
                    .init(context: "Answer:", continuation: " yes"),
                    .init(contextIDs: [1, 2], continuationIDs: [3]),
                ], addBOS: false)
        ),
        (.inferEmbed, EmbedTexts(model: model, texts: ["fever"], layer: 9, pooling: .mean)),
        (
            .evaluateTask,
            EvaluateTask(
                model: .stored(model), adapter: .artifact(digest("b")), task: "pubmedqa", split: "test",
                data: "bench/pubmedqa.json", shots: 5, shotsData: "bench/dev.json", shotsRecords: "0..<400",
                prompt: "table-a2", mode: .loglikelihood, maxTokens: 64, profile: .strict, limit: 100,
                records: "400..<500", seed: 1, encoder: SummaryEncoder(model: model, layer: 9, idf: true))
        ),
        (
            .evaluatePredictions,
            EvaluatePredictions(
                task: "medqa", split: "test", data: "m.jsonl", predictions: "p.jsonl", profile: .published, limit: 50,
                records: "10..<90", seed: 2, encoder: SummaryEncoder(model: "encoders/bert", layer: 2))
        ),
        (.evaluatePerplexity, EvaluatePerplexity(model: .stored(model), data: ["clinical": "held/clinical"])),
        (
            .evaluateForgetting,
            EvaluateForgetting(
                before: .init(model: .stored(model)), after: .init(model: .stored(model), adapter: "adapter"),
                tasks: [])
        ),
        (
            .reportBuild,
            BuildReport(
                title: "Demo",
                results: [
                    .init(
                        label: "base", evaluations: [["accuracy": 0.5]], perplexity: ["clinical": 12.5],
                        training: ["steps": 3]),
                    .init(label: "tuned", supervised: ["pubmedqa"]),
                ], comparisons: [.init(from: "base", to: "tuned", control: "base")], corpus: ["total": 3])
        ),
    ]
}
