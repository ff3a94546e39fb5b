// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Files
import Generation
import Llama
import Messages
import Tokenization

/// Tells what can be mended by the asker from what can't.
enum InferenceFailure {
    /// Runs `body`; errors that say what is wrong with what was asked become failures that are not retried.
    static func describing<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch { throw described(error) }
    }

    /// What an error means for the job.
    static func described(_ error: any Error) -> any Error {
        switch error {
        case let error as GenerationError where error.code == .expired:
            JobFailure(.expired, title: "The deadline has passed", detail: error.description)
        case let error as GenerationError where error.code == .noThread:
            JobFailure(.internalError, title: "No thread for a model", detail: error.description, retryable: true)
        case let error as GenerationError: JobFailure.badInput(error.description)
        case let error as CheckpointError: JobFailure.badInput(error.description)
        case let error as FileError: JobFailure.badInput(error.description)
        case let error as LlamaError where error.code == .outOfMemory:
            JobFailure(.internalError, title: "Out of memory", detail: error.description, retryable: true)
        case let error as LlamaError: JobFailure.badInput(error.description)
        case let error as TokenizationError: JobFailure.badInput(error.description)
        default: error
        }
    }
}
