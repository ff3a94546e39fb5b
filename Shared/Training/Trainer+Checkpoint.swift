// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Foundation
import Llama
import Tensors

extension Trainer {
    /// Publishes everything needed to go on from the present step, where a folder was given.
    ///
    /// Rank 0 writes the same files as a run of one rank would; the moments pass through the memory of the gradients.
    mutating func checkpoint(_ gradients: inout LlamaGradients, _ onEvent: (TrainingEvent) -> Void) throws {
        guard let store else { return }
        let window = plan.window(of: progress.step)
        let state = CheckpointState(
            format: CheckpointState.currentFormat, identity: identity, schedule: schedule, step: progress.step,
            epoch: window.epoch, cursor: window.places.lowerBound, tokens: progress.tokens, seconds: progress.seconds,
            losses: progress.losses, files: [:])
        func tensors(_ kind: CheckpointStore.Kind) throws -> ParameterSet {
            switch kind {
            case .parameters: model.adapter?.parameters ?? model.weights.parameters
            case .firstMoments: try gathered(optimizer.firstMoments, in: &gradients)
            case .secondMoments: try gathered(optimizer.secondMoments, in: &gradients)
            }
        }
        if collective.rank == 0 {
            try store.save(state, tensors)
            onEvent(.checkpointed(step: progress.step))
        } else {
            for kind in CheckpointStore.Kind.allCases { _ = try tensors(kind) }
        }
    }

    /// Goes on from the newest whole checkpoint of this run, if there is one; rank 0 chooses it.
    mutating func restore(_ onEvent: (TrainingEvent) -> Void) throws {
        guard let store else { return }
        var found: CheckpointState?
        if collective.rank == 0 {
            PublishedFolder.removeLeftovers(in: store.folder)
            found = try store.newest(of: identity) { name, reason in
                onEvent(.ignoredCheckpoint(name: name, reason: reason))
            }
        }
        let chosen = try collective.share([Double(found?.step ?? -1)])[0][0]
        guard chosen >= 0 else { return }
        let state = try found ?? store.state(of: Int(chosen))
        let window = plan.window(of: state.step)
        guard state.schedule == schedule, state.epoch == window.epoch, state.cursor == window.places.lowerBound,
            state.step <= plan.totalSteps, state.losses.count == state.step
        else {
            throw TrainingError(
                .checkpoint, store.folder.path, "holds a checkpoint whose position contradicts this run's plan",
                remedy: "give another folder for checkpoints")
        }
        let layout = model.trainedParameters
        optimizer.firstMoments = try sharded(store.read(.firstMoments, of: state, layout))
        optimizer.secondMoments = try sharded(store.read(.secondMoments, of: state, layout))
        optimizer.step = state.step
        try withTrained { parameters, _ in try store.read(.parameters, of: state, into: &parameters) }
        progress = Progress(step: state.step, tokens: state.tokens, seconds: state.seconds, losses: state.losses)
    }
}
