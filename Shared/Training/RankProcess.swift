// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
import Foundation
import Llama
import Tensors

/// One rank of a run, as a process of its own that `mpirun` started.
public enum RankProcess {
    /// Trains as the plan says and returns when the run is complete or was asked to stop. Blocks the calling thread.
    ///
    /// Rank 0 tells of it in lines on standard output (``RankMessage``) and stops when standard input says so. Whoever
    /// fails leaves the reason beside the plan's file; the process must then end, which ends the other ranks.
    public static func run(planPath: String) throws {
        let collective = try MPICollective()
        RankConnection.watch(rank: collective.rank)
        do {
            try run(RankPlan(path: planPath), collective)
        } catch {
            let failure = RunFailure(error) ?? RunFailure(.input, "\(error)")
            let bytes = try? JSONEncoder().encode(failure)
            try? bytes?.write(
                to: URL(filePath: RankPlan.failure(of: collective.rank, planPath)), options: .atomic)
            throw error
        }
    }

    private static func run(_ plan: RankPlan, _ collective: any Collective) throws {
        let here = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) }
        let neighbours = max(1, here ?? 1)
        ThreadPool.shared.setThreads(ThreadPool.shared.threads / neighbours)
        let heldOut = try plan.heldOut.mapValues { try TokenDataset.load(path: $0) }
        var trainer = try Trainer(
            model: plan.model.load(for: plan.recipe, adapter: plan.adapter), recipe: plan.recipe,
            dataset: TokenDataset.load(path: plan.dataset),
            heldOut: heldOut, checkpoints: URL(filePath: plan.checkpoints), collective: collective,
            availableMemory: MemoryLimit.available().map { $0 / neighbours })
        func tell(_ message: RankMessage) {
            if collective.rank == 0, let line = try? message.line() { RankConnection.tell(line) }
        }
        let outcome = try trainer.run(
            shouldStop: { RankConnection.isStopAsked },
            onModel: { step, model in
                guard collective.rank == 0 else { return }
                try plan.save(model, to: plan.published(step))
                tell(.model(step: step))
                RankConnection.awaitAnswer()
            }, onEvent: { tell(.event($0)) })
        if collective.rank == 0, case .completed = outcome { try plan.save(trainer.model, to: plan.result) }
        tell(.outcome(outcome))
        try collective.close()
    }
}
