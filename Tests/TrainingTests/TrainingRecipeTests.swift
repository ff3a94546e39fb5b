// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Training

@Suite("A recipe takes the paper's defaults, names what is wrong, and refuses what is not offered")
struct TrainingRecipeTests {
    @Test("Each stage has the paper's numbers")
    func defaults() throws {
        let pretrain = try TrainingRecipe(stage: .pretrain)
        #expect(pretrain.learningRate == 8e-6)
        #expect(pretrain.schedule == .cosine)
        #expect(pretrain.warmupRatio == 0.05)
        #expect(pretrain.epochs == 1)
        #expect(pretrain.accumulation == 16)
        #expect(pretrain.weightDecay == 1e-5)
        #expect(pretrain.beta1 == 0.9 && pretrain.beta2 == 0.95 && pretrain.epsilon == 1e-8)
        #expect(pretrain.lora == nil)

        let tune = try TrainingRecipe(stage: .instructionTuning)
        #expect(tune.learningRate == 1e-5 && tune.warmupRatio == 0.01 && tune.epochs == 3)
        #expect(tune.lora?.rank == 8)

        #expect(try TrainingRecipe(stage: .supervised(trainingSamples: 9_999)).epochs == 5)
        #expect(try TrainingRecipe(stage: .supervised(trainingSamples: 10_000)).epochs == 3)
        #expect(try TrainingRecipe(stage: .supervised(trainingSamples: 1)).lora == nil)
    }

    @Test("Written fields replace defaults, and one way of counting replaces the other")
    func overrides() throws {
        let json = #"{"maxSteps": 7, "warmupSteps": 2, "schedule": "linear", "lora": {"rank": 4, "dropout": 0.1}}"#
        let overrides = try JSONDecoder().decode(TrainingRecipe.Overrides.self, from: Data(json.utf8))
        let recipe = try TrainingRecipe(stage: .pretrain, overrides: overrides)
        #expect(recipe.maxSteps == 7 && recipe.epochs == nil)
        #expect(recipe.warmupSteps == 2 && recipe.warmupRatio == nil)
        #expect(recipe.schedule == .linear)
        #expect(
            recipe.lora == .init(rank: 4, alpha: 16, dropout: 0.1, targets: TrainingRecipe.projections, rslora: false))
        let again = try JSONDecoder().decode(TrainingRecipe.self, from: JSONEncoder().encode(recipe))
        #expect(again == recipe)
    }

    @Test(
        "A bad field is named with its bound",
        arguments: [
            (#"{"learningRat": 1}"#, "recipe.learningRat", "'learningRate'"),
            (#"{"lora": {"rnak": 1}}"#, "recipe.lora.rnak", "'rank'"),
            (#"{"learningRate": 0}"#, "recipe.learningRate", "above 0"),
            (#"{"learningRate": "fast"}"#, "recipe.learningRate", "a number"),
            (#"{"schedule": "cosin"}"#, "recipe.schedule", "constant, linear, cosine"),
            (#"{"epochs": 1.5}"#, "recipe.epochs", "whole number"),
            (#"{"epochs": 1, "maxSteps": 1}"#, "recipe.epochs", "one of the two"),
            (#"{"warmupRatio": 0.1, "warmupSteps": 1}"#, "recipe.warmupRatio", "one of the two"),
            (#"{"warmupRatio": 1.1}"#, "recipe.warmupRatio", "from 0 to 1"),
            (#"{"microBatch": 0}"#, "recipe.microBatch", "from 1"),
            (#"{"beta2": 1}"#, "recipe.beta2", "below 1"),
            (#"{"seed": -1}"#, "recipe.seed", "whole number"),
            (#"{"precision": "fp16"}"#, "recipe.precision", "float32, bfloat16"),
            (#"{"ranks": 5000}"#, "recipe.ranks", "from 1 to 4096"),
            (#"{"recompute": "all"}"#, "recipe.recompute", "none, block"),
            (#"{"lora": {"targets": ["lm_head"]}}"#, "recipe.lora.targets", "q_proj"),
            (#"{"lora": {"targets": []}}"#, "recipe.lora.targets", "q_proj"),
            (#"{"lora": 8}"#, "recipe.lora", "object"),
        ])
    func refusals(json: String, subject: String, remedy: String) throws {
        let error = #expect(throws: TrainingError.self) {
            let overrides = try JSONDecoder().decode(TrainingRecipe.Overrides.self, from: Data(json.utf8))
            _ = try TrainingRecipe(stage: .pretrain, overrides: overrides)
        }
        #expect(error?.subject == subject)
        #expect(error?.remedy.contains(remedy) == true, "\(error?.description ?? "")")
    }
}
