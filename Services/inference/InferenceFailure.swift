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
        do {
            return try body()
        } catch let error as GenerationError {
            throw JobFailure.badInput(error.description)
        } catch let error as CheckpointError {
            throw JobFailure.badInput(error.description)
        } catch let error as FileError {
            throw JobFailure.badInput(error.description)
        } catch let error as LlamaError {
            throw JobFailure.badInput(error.description)
        } catch let error as TokenizationError {
            throw JobFailure.badInput(error.description)
        }
    }
}
