// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import MedicalBenchmark
import Messages

extension EvaluateTask.Output {
    /// What an evaluation found, as a message says it.
    init(_ result: EvaluationResult, subject: String, rows: DataReference) throws {
        self.init(
            subject: subject,
            metrics: result.metrics.mapValues { MetricValue(value: $0.value, low: $0.low, high: $0.high) },
            parseRate: result.parseRate, truncated: result.truncated, unfit: result.unfit, items: result.items,
            rows: rows, result: try MessageEncoder.value(result))
    }
}
