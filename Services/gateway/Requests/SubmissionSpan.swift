// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Messages
import Telemetry

/// The span of one submission: below the client's `traceparent` where it sent one, else the first of a trace.
struct SubmissionSpan {
    private let context: TraceContext
    private let parent: String?
    private let start = TraceSpan.now()

    /// Begins the span, and tells the request's log line of its trace.
    init(_ headers: HTTPFields, _ request: GatewayContext) {
        let given = HTTPField.Name("traceparent").flatMap { headers[$0] }.flatMap { TraceContext(traceparent: $0) }
        context = given?.child() ?? TraceContext()
        parent = given?.span
        request.record.trace = context.trace
    }

    /// What the job carries: its wait and its run are below this span.
    var traceparent: String { context.description }

    func accepted(job: JobID, kind: JobKind, state: JobState) {
        end(["mellama.job": job.rawValue, "mellama.kind": kind.rawValue, "mellama.state": state.rawValue])
    }

    /// Several jobs of one request: they share the span.
    func accepted(jobs count: Int) { end(["mellama.jobs": "\(count)"]) }

    func accepted(run: RunID) { end(["mellama.run": run.rawValue]) }

    private func end(_ attributes: [String: String]) {
        Telemetry.spans.add(
            TraceSpan("submit", .producer, context: context, parent: parent, start: start, attributes: attributes))
    }
}
