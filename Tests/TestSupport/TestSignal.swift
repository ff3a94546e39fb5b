// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something a test waits for instead of sleeping: values sent by the code under test, in order.
public final class TestSignal<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation
    private let received = Mutex<[Value]>([])

    /// A signal nobody has given yet.
    public init() { (stream, continuation) = AsyncStream.makeStream() }

    /// Gives the signal; never blocks.
    public func send(_ value: Value) {
        received.withLock { $0.append(value) }
        continuation.yield(value)
    }

    /// All values given so far.
    public var all: [Value] { received.withLock { $0 } }

    /// The next value that nobody has taken, or an error once the time is over.
    public func next(within limit: Duration = .seconds(60)) async throws -> Value {
        try await TestSignalError.within(limit) { [stream] in
            var iterator = stream.makeAsyncIterator()
            return await iterator.next()
        }
    }
}

extension TestSignal<Void> {
    /// Gives the signal.
    public func send() { send(()) }
}

/// A test waited in vain.
public struct TestSignalError: Error, CustomStringConvertible {
    /// What was waited for, and how long.
    public let description: String

    /// Runs the body, cancels it when the time is over and throws then, or when it gives `nil`.
    public static func within<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value?
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else {
                throw TestSignalError(description: "nothing happened within \(limit)")
            }
            return value
        }
    }
}

/// Asks until the condition holds; for what gives no signal, such as another process's state.
public func eventually(
    within limit: Duration = .seconds(60), _ condition: @escaping @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw TestSignalError(description: "the condition did not hold within \(limit)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
