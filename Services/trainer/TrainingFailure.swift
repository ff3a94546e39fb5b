// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Training

/// Tells what can be mended by the asker from what can't.
enum TrainingFailure {
    /// Runs `body`; errors that say what is wrong with what was asked become failures that are not retried.
    static func describing<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            throw RunFailure(error).map { described($0) as any Error } ?? error
        }
    }

    private static func described(_ failure: RunFailure) -> JobFailure {
        switch failure.kind {
        case .input: .badInput(failure.description)
        case .storage:
            JobFailure(
                .storage, title: "The checkpoint can't be written", detail: failure.description, retryable: true)
        case .ranks:
            JobFailure(
                .ranks, title: "A rank ended", detail: "\(failure); the next attempt goes on from the last checkpoint",
                retryable: true)
        }
    }
}
