// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Files
import MedicalBenchmark
import Messages
import Tokenization

/// Tells what can be mended by the asker from what can't.
enum CorpusFailure {
    /// Runs `body`; errors that say what is wrong with what was asked become failures that are not retried.
    static func describing<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as CorporaError where error.code == .cancelled {
            throw CancellationError()
        } catch let error as CorporaError where error.code == .unwritable {
            throw unwritten(error.description)
        } catch let error as FileError where error.code == .unwritable {
            throw unwritten(error.description)
        } catch let error as FileError {
            throw JobFailure.badInput(error.description)
        } catch let error as CorporaError {
            throw JobFailure.badInput(error.description)
        } catch let error as BenchmarkError {
            throw JobFailure.badInput(error.description)
        } catch let error as TokenizationError {
            throw JobFailure.badInput(error.description)
        }
    }

    private static func unwritten(_ detail: String) -> JobFailure {
        JobFailure(.storage, title: "What the job made can't be written", detail: detail, retryable: true)
    }
}
