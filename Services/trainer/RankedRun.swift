// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Foundation
import Glibc
import Logging
import Messages
import ServiceRuntime
import Tensors
import Training

/// A training run of several ranks, as the process sees it that holds the job.
struct RankedRun {
    let plan: RankPlan
    let workspace: URL
    /// The machines; nil for this one.
    let hostFile: String?
    let context: JobContext

    /// Ranks that one machine is given at least, whatever its processors.
    private static let fewest = 8

    /// Starts the ranks and relays what rank 0 tells until all have ended.
    ///
    /// Throws what a rank failed of, or, where one just ended, which: that is worth another attempt, which goes on from
    /// the last checkpoint.
    ///
    /// - Parameter onModel: is given a model that is to be published, which the ranks wait for.
    func run(
        onModel: (_ step: Int, _ folder: URL) throws -> Void, onEvent: (TrainingEvent) -> Void
    ) throws -> TrainingOutcome {
        let most = max(Self.fewest, ThreadPool.shared.threads)
        guard hostFile != nil || plan.recipe.ranks <= most else {
            throw RunFailure(
                .input,
                "recipe.ranks: \(plan.recipe.ranks) asked of one machine; write at most \(most), or name more machines"
                    + " by MELLAMA_HOST_FILE")
        }
        let planPath = workspace.appending(path: "ranks.json").path
        try plan.write(to: planPath)
        var outcome: TrainingOutcome?
        do {
            let group = try RankGroup(
                RankLaunch(
                    ranks: plan.recipe.ranks, hostFile: hostFile, command: [try Self.executable(), "rank", planPath]))
            var isStopping = false
            try group.wait(
                onLine: { line in
                    // Open MPI may have something to say, too.
                    switch try? RankMessage(line: line) {
                    case .event(let event): onEvent(event)
                    case .model(let step):
                        try onModel(step, URL(filePath: plan.published(step), directoryHint: .isDirectory))
                        group.answer()
                    case .outcome(let end): outcome = end
                    case nil: context.logger.debug("a rank printed a line that is no message")
                    }
                },
                onPause: {
                    guard context.stopReason != nil, !isStopping else { return }
                    isStopping = true
                    group.stop()
                })
        } catch let error as CollectiveError {
            if let (rank, failure) = plan.failure(path: planPath), failure.kind != .ranks {
                throw RunFailure(failure.kind, rank == 0 ? "\(failure)" : "rank \(rank): \(failure)")
            }
            throw error
        }
        guard let outcome else {
            throw CollectiveError(.failed, "the \(plan.recipe.ranks) ranks ended without a result")
        }
        return outcome
    }

    /// This program's own file, which is at the same path on every machine.
    private static func executable() throws -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            let reason = String(cString: strerror(errno))
            throw CollectiveError(.notStarted, "this program's file cannot be found: \(reason)")
        }
        defer { free(path) }
        return String(cString: path)
    }
}
