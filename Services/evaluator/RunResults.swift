// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The columns of a report found in a finished run: one a model that was evaluated, named by the stage that made it.
enum RunResults {
    static func entries(of run: RunSnapshot) throws -> [BuildReport.Entry] {
        var order: [String] = []
        var entries: [String: BuildReport.Entry] = [:]
        for stage in run.stages where stage.kind == .evaluateTask || stage.kind == .evaluatePerplexity {
            guard let output = stage.result?.output, let subject = output["subject"]?.stringValue else { continue }
            if entries[subject] == nil {
                order.append(subject)
                entries[subject] = BuildReport.Entry(label: maker(of: subject, in: run) ?? stage.stage ?? "model")
            }
            if let result = output["result"] {
                let earlier = entries[subject]?.evaluations ?? []
                entries[subject]?.evaluations = earlier + [result]
            }
            if let perplexity = output["perplexity"] { entries[subject]?.perplexity = perplexity }
        }
        guard !order.isEmpty else {
            throw JobFailure.badInput(
                "payload.run: \(run.id) has no finished evaluation; give \"results\", or wait until it has")
        }
        return order.compactMap { entries[$0] }
    }

    /// The stage whose output the model, or the adapter on it, is.
    private static func maker(of subject: String, in run: RunSnapshot) -> String? {
        run.stages.first { stage in
            guard let output = stage.result?.output else { return false }
            if let adapter = output["adapter"]?.stringValue { return subject.hasSuffix(adapter) }
            return output["model"]?.stringValue == subject
        }?.stage
    }
}
