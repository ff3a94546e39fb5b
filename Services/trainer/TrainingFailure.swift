// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Corpora
import Files
import Llama
import Messages
import Training

/// Tells what can be mended by the asker from what can't.
enum TrainingFailure {
    /// Runs `body`; errors that say what is wrong with what was asked become failures that are not retried.
    static func describing<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as TrainingError where error.code == .checkpoint {
            throw unwritten(error.description)
        } catch let error as TrainingError {
            throw JobFailure.badInput(error.description)
        } catch let error as FileError where error.code == .unwritable {
            throw unwritten(error.description)
        } catch let error as FileError {
            throw JobFailure.badInput(error.description)
        } catch let error as CheckpointError where error.code == .unwritable {
            throw unwritten(error.description)
        } catch let error as CheckpointError {
            throw JobFailure.badInput(error.description)
        } catch let error as LlamaError {
            throw JobFailure.badInput(error.description)
        } catch let error as CorporaError {
            throw JobFailure.badInput(error.description)
        }
    }

    private static func unwritten(_ detail: String) -> JobFailure {
        JobFailure(.storage, title: "The checkpoint can't be written", detail: detail, retryable: true)
    }
}
