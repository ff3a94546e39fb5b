// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What the workload gives where nothing disturbs it, made once for all tests that disturb it.
actor UndisturbedRun {
    static let shared = UndisturbedRun()
    private var outputs: [String: JSONValue]?

    /// The outputs by stage that determinism promises to be the same in every run.
    func reproducibleOutputs() async throws -> [String: JSONValue] {
        if let outputs { return outputs }
        let made = try await StackFixture.with(prepare: Workload.write) { stack in
            let id = try await stack.gateway.submit(recipe: Workload.recipe)
            let run = try await stack.gateway.awaitRun(id)
            guard run.state == .succeeded else { throw StackError("the undisturbed run ended as \(run.state)") }
            return Self.reproducible(run)
        }
        outputs = made
        return made
    }

    /// All but what tells of time: the training's summary, and the report that shows it.
    static func reproducible(_ run: RunSnapshot) -> [String: JSONValue] {
        var outputs: [String: JSONValue] = [:]
        for job in run.stages {
            guard let stage = job.stage, stage != "report", case .object(var members)? = job.result?.output else {
                continue
            }
            members["summary"] = nil
            outputs[stage] = .object(members)
        }
        return outputs
    }
}
