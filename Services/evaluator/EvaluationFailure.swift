// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Files
import MedicalBenchmark
import Messages

/// Tells what can be mended by the asker from what can't.
enum EvaluationFailure {
    static func describing<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch { throw failure(error) }
    }

    static func describing<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch { throw failure(error) }
    }

    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case let error as BenchmarkError where error.code == .restrictedData:
            JobFailure(
                .forbiddenData, title: "Restricted data may not leave this stack", detail: error.description)
        case let error as BenchmarkError: JobFailure.badInput(error.description)
        case let error as FileError: JobFailure.badInput(error.description)
        case let error as CorporaError: JobFailure.badInput(error.description)
        default: error
        }
    }
}
