// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Messages
import OracleSupport
import Tensors
import TestSupport
import Testing

@Suite(
    "trainer run takes the reference library's steps", .timeLimit(.minutes(2)),
    .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct TrainerServiceOracleTests {
    private struct Row: Encodable {
        let inputIds: [Int32]
        let labels: [Int32]
    }

    private func recipe(_ log: TrainingLog, rows: Int, steps: Int) -> JSONValue {
        let optimizer = log.optimizer
        return [
            "learningRate": .number(optimizer.peakLr), "schedule": "constant", "warmupSteps": 0,
            "maxSteps": .integer(Int64(steps)), "microBatch": .integer(Int64(rows)), "accumulation": 1,
            "shuffle": false, "beta1": .number(optimizer.betas[0]), "beta2": .number(optimizer.betas[1]),
            "epsilon": .number(optimizer.eps), "weightDecay": .number(optimizer.weightDecay),
            "clipNorm": .number(optimizer.clipGlobalNorm),
        ]
    }

    @Test("Weights after each published number of steps, from rows in a file")
    func constantRate() throws {
        let models = OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("hf/config.json") && $0.holds("train.json") && $0.holds("inputs.json")
        }
        #expect(!models.isEmpty)
        for model in models {
            let log = try model.appending(path: "train.json").camelCasedJSON(as: TrainingLog.Schedules.self).constant
            let inputs = try model.appending(path: "inputs.json").camelCasedJSON(as: TrainingLog.Inputs.self)
            let desk = try ServiceDesk()
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            let rows = try zip(inputs.rows, inputs.rowLabels).map {
                String(decoding: try encoder.encode(Row(inputIds: $0, labels: $1)), as: UTF8.self) + "\n"
            }
            try desk.write("rows.jsonl", rows.joined())
            try desk.copy(model.appending(path: "hf"), to: "hf")
            var compared = 0
            for steps in 1...log.log.count {
                let name = "train.constant.step\(steps).safetensors"
                guard model.holds(name) else { continue }
                compared += 1
                let output = try desk.output(
                    "trainer", .trainPretrain, of: TrainModel.self,
                    [
                        "model": "hf", "tokens": "rows.jsonl", "output": .string("after-\(steps)"),
                        "recipe": recipe(log, rows: rows.count, steps: steps),
                    ])
                for (point, expected) in zip(output.summary.lossCurve, log.log) {
                    #expect(abs(point.loss - expected.loss) <= 1e-4)
                }
                #expect(output.summary.steps == steps && output.summary.lossCurve.count == steps)
                try compare(
                    SafetensorsFile(desk.folder.appending(path: "after-\(steps)/model.safetensors")),
                    SafetensorsFile(model.appending(path: name)))
            }
            #expect(compared > 0)
        }
    }

    /// Within 2e-4 everywhere and within 1e-6 for 99.9 % of all elements: Adam divides by the root of tiny moments.
    private func compare(_ ours: SafetensorsFile, _ expected: SafetensorsFile) throws {
        #expect(!expected.entries.isEmpty)
        var (count, close, worst) = (0, 0, 0.0)
        for entry in expected.entries {
            let values = try ours.tensor(entry.name).values
            let golden = try expected.tensor(entry.name).values
            #expect(values.count == golden.count)
            for (value, golden) in zip(values, golden) {
                let difference = abs(Double(value) - Double(golden))
                count += 1
                close += difference < 1e-6 ? 1 : 0
                worst = max(worst, difference)
            }
        }
        #expect(worst <= 2e-4)
        #expect(Double(close) >= 0.999 * Double(count), "\(count - close) of \(count) beyond 1e-6")
    }
}
