// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The results of several requests that were asked together, awaited as one.
final class Gathering<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value?]
        var missing: Int
        var outcome: Result<[Value], any Error>?
        var waiter: CheckedContinuation<[Value], any Error>?
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(values: [Value?](repeating: nil, count: count), missing: count))
        if count == 0 { settle { $0.outcome = .success([]) } }
    }

    /// Whether what is still computed is of no use to anyone.
    var isOver: Bool { state.withLock { $0.outcome != nil } }

    /// Takes one result; the last ends the wait, and so does the first error.
    func put(_ index: Int, _ result: Result<Value, any Error>) {
        settle { state in
            guard state.outcome == nil else { return }
            switch result {
            case .failure(let error): state.outcome = .failure(error)
            case .success(let value):
                if state.values[index] == nil { state.missing -= 1 }
                state.values[index] = value
                if state.missing == 0 { state.outcome = .success(state.values.compactMap { $0 }) }
            }
        }
    }

    func fail(_ error: any Error) { settle { if $0.outcome == nil { $0.outcome = .failure(error) } } }

    /// All results, in their order. Once.
    func wait() async throws -> [Value] {
        try await withCheckedThrowingContinuation { continuation in
            let outcome = state.withLock { state -> Result<[Value], any Error>? in
                if state.outcome == nil { state.waiter = continuation }
                return state.outcome
            }
            if let outcome { continuation.resume(with: outcome) }
        }
    }

    private func settle(_ change: (inout State) -> Void) {
        let ready = state.withLock { state -> (CheckedContinuation<[Value], any Error>, Result<[Value], any Error>)? in
            change(&state)
            guard let waiter = state.waiter, let outcome = state.outcome else { return nil }
            state.waiter = nil
            return (waiter, outcome)
        }
        if let (waiter, outcome) = ready { waiter.resume(with: outcome) }
    }
}
