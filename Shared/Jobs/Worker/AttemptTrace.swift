// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Telemetry

/// The part of a trace that is one attempt: its wait and its run, both below what the envelope names.
struct AttemptTrace {
    /// The run's place.
    let context: TraceContext
    private let envelope: JobEnvelope
    private let above: TraceContext
    private let start = TraceSpan.now()

    /// Nil where the envelope names no trace.
    init?(_ envelope: JobEnvelope) {
        guard let above = envelope.traceparent.flatMap({ TraceContext(traceparent: $0) }) else { return nil }
        self.envelope = envelope
        self.above = above
        context = above.child()
    }

    /// The envelope as the handler gets it: what it asks for is below the run.
    var inside: JobEnvelope {
        var envelope = envelope
        envelope.traceparent = context.description
        return envelope
    }

    private var attributes: [String: String] {
        var attributes = [
            "mellama.job": envelope.id.rawValue, "mellama.kind": envelope.message.kind.rawValue,
            "mellama.attempt": String(envelope.attempt),
        ]
        attributes["mellama.run"] = envelope.run?.rawValue
        return attributes
    }

    /// Tells of the time before the claim.
    func waited(into spans: TraceBuffer) {
        guard let waited = envelope.waited else { return }
        spans.add(
            TraceSpan(
                "wait", .internal, context: above.child(), parent: above.span, start: start - waited * 1_000_000,
                end: start, attributes: attributes))
    }

    /// Tells of the attempt.
    func ended(_ report: AttemptReport, into spans: TraceBuffer) {
        var attributes = attributes
        attributes["mellama.outcome"] = report.name
        let isError = if case .fail = report { true } else { false }
        spans.add(
            TraceSpan(
                "run", .consumer, context: context, parent: above.span, start: start, attributes: attributes,
                isError: isError))
    }
}
