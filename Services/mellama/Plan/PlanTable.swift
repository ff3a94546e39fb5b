// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A plan as a terminal shows it.
enum PlanTable {
    static func text(_ plan: Plan) -> String {
        let header = ["stage", "kind", "parameters", "trained", "steps", "tokens", "FLOPs", "memory", "time", "cost"]
        var rows = plan.stages.map { stage in
            [
                stage.stage, stage.kind, count(stage.parameters), count(stage.trainedParameters),
                stage.steps.map { "\($0)" } ?? "", count(stage.tokens), count(stage.flops),
                stage.memoryBytes.map { Figures.bytes(Int($0)) } ?? "", time(stage.hours), cost(stage.cost),
            ]
        }
        rows.append([
            "sum", "", "", "", "", "", count(plan.flops), Figures.bytes(Int(plan.memoryBytes)) + " most",
            time(plan.hours), cost(plan.cost),
        ])
        var text = TextTable.text(header, rows)
        let speed =
            plan.assumptions.tokensPerSecond.map { "\(Figures.metric($0)) tokens/s, as stated" }
            ?? "\(Figures.count(plan.assumptions.flopsPerSecond)) FLOP/s (--gigaflops, or state --tokens-per-second)"
        text += "\nTimes at \(speed). FLOPs a trained token: \(plan.assumptions.flopsPerToken).\n"
        text += "Memory: \(plan.assumptions.memory).\n"
        for stage in plan.stages {
            guard let parts = stage.memory else { continue }
            let largest = parts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \(Figures.bytes($0.value))" }
            text += "  \(stage.stage): \(largest.joined(separator: ", "))\n"
        }
        var stages: [(reason: String, names: [String])] = []
        for stage in plan.stages {
            for reason in stage.unknown {
                if let known = stages.firstIndex(where: { $0.reason == reason }) {
                    stages[known].names.append(stage.stage)
                } else {
                    stages.append((reason, [stage.stage]))
                }
            }
        }
        for (reason, names) in stages {
            text += "Not known before it runs: \(reason): \(names.joined(separator: ", ")).\n"
        }
        return text
    }

    private static func count(_ value: Double?) -> String { value.map(Figures.count) ?? "" }
    private static func time(_ hours: Double?) -> String { hours.map { Figures.duration(seconds: $0 * 3600) } ?? "" }
    private static func cost(_ value: Double?) -> String { value.map { Figures.fixed($0, 2) } ?? "" }
}
