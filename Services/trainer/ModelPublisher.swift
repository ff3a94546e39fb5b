// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Synchronization

/// Hands models from the training's thread, which waits, to the job's task, which publishes them.
final class ModelPublisher: Sendable {
    /// A model's folder and where the answer goes.
    struct Request: Sendable {
        let folder: URL
        let step: Int
        fileprivate let answer: Answer
    }

    /// What came of a request.
    fileprivate final class Answer: Sendable {
        private let result = Mutex<Result<DataReference, any Error>?>(nil)
        private let given = DispatchSemaphore(value: 0)

        func give(_ value: Result<DataReference, any Error>) {
            result.withLock { $0 = value }
            given.signal()
        }

        func wait() throws -> DataReference {
            given.wait()
            guard let value = result.withLock({ $0 }) else { throw CancellationError() }
            return try value.get()
        }
    }

    private let requests: AsyncStream<Request>
    private let queue: AsyncStream<Request>.Continuation

    init() {
        (requests, queue) = AsyncStream.makeStream(of: Request.self)
    }

    /// Has a model published; blocks the calling thread, which is the training's own, until it is.
    func publish(_ folder: URL, step: Int) throws -> DataReference {
        let answer = Answer()
        guard case .enqueued = queue.yield(Request(folder: folder, step: step, answer: answer)) else {
            throw CancellationError()
        }
        return try answer.wait()
    }

    /// Answers requests with `body` until `finish`.
    func serve(_ body: (Request) async throws -> DataReference) async {
        for await request in requests {
            do {
                request.answer.give(.success(try await body(request)))
            } catch {
                request.answer.give(.failure(error))
            }
        }
    }

    /// No request comes any more.
    func finish() { queue.finish() }
}
