// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import Tensors

extension Trainer {
    /// Publishes everything needed to go on from the present step, where a folder was given.
    mutating func checkpoint(_ onEvent: (TrainingEvent) -> Void) throws {
        guard let store else { return }
        let window = plan.window(of: progress.step)
        let state = CheckpointState(
            format: CheckpointState.currentFormat, identity: identity, schedule: schedule, step: progress.step,
            epoch: window.epoch, cursor: window.places.lowerBound, tokens: progress.tokens, seconds: progress.seconds,
            losses: progress.losses, files: [:])
        let parameters = model.adapter?.parameters ?? model.weights.parameters
        try store.save(
            state,
            CheckpointStore.Tensors(
                parameters: parameters, firstMoments: optimizer.firstMoments, secondMoments: optimizer.secondMoments))
        onEvent(.checkpointed(step: progress.step))
    }

    /// Goes on from the newest whole checkpoint of this run, if there is one.
    mutating func restore(_ onEvent: (TrainingEvent) -> Void) throws {
        guard let store else { return }
        PublishedFolder.removeLeftovers(in: store.folder)
        let found = try store.newest(of: identity) { name, reason in
            onEvent(.ignoredCheckpoint(name: name, reason: reason))
        }
        guard let state = found else { return }
        let window = plan.window(of: state.step)
        guard state.schedule == schedule, state.epoch == window.epoch, state.cursor == window.places.lowerBound,
            state.step <= plan.totalSteps, state.losses.count == state.step
        else {
            throw TrainingError(
                .checkpoint, store.folder.path, "holds a checkpoint whose position contradicts this run's plan",
                remedy: "give another folder for checkpoints")
        }
        try withTrained { parameters, optimizer in
            var tensors = CheckpointStore.Tensors(
                parameters: parameters, firstMoments: optimizer.firstMoments, secondMoments: optimizer.secondMoments)
            try store.read(state, into: &tensors)
            parameters = tensors.parameters
            optimizer.firstMoments = tensors.firstMoments
            optimizer.secondMoments = tensors.secondMoments
            optimizer.step = state.step
        }
        progress = Progress(step: state.step, tokens: state.tokens, seconds: state.seconds, losses: state.losses)
    }
}
