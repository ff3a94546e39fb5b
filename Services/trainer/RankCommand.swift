// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Training

/// `trainer rank PLAN`: one rank of a training job, which the trainer that holds the job starts by `mpirun`.
struct RankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rank", abstract: "One rank of a training job; the trainer starts it itself.",
        shouldDisplay: false)

    @Argument(help: "The plan's file.")
    var plan: String

    func run() throws { try RankProcess.run(planPath: plan) }
}
