// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Metrics
import Synchronization

/// The ended spans that wait to be exported. It keeps none until somebody exports, and never more than `capacity`: what
/// comes when it is full is lost and counted, since no work may wait for a collector.
public final class TraceBuffer: Sendable {
    public static let capacity = 4096

    private struct State {
        var isOpen = false
        var spans: [TraceSpan] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// From now on spans are kept.
    public func open() { state.withLock { $0.isOpen = true } }

    /// Takes an ended span of a trace that is to be recorded. Never blocks.
    public func add(_ span: TraceSpan) {
        guard span.context.isSampled else { return }
        let isLost = state.withLock { state in
            guard state.isOpen else { return false }
            guard state.spans.count < Self.capacity else { return true }
            state.spans.append(span)
            return false
        }
        if isLost { Counter(label: "mellama_trace_spans_dropped_total").increment() }
    }

    /// Whether all has been given out.
    var isEmpty: Bool { state.withLock { $0.spans.isEmpty } }

    /// Gives out the oldest, at most so many.
    public func take(_ limit: Int) -> [TraceSpan] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(limit))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }
}
