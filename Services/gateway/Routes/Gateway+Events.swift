// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import HTTPTypes
import Hummingbird
import Jobs
import Messages

extension Gateway {
    /// What happens, as it happens.
    var eventRoutes: [Route] {
        [
            Route(.get, "/v1/jobs/{id}/events", "jobEvents", .scope(.read)) { request, context in
                let job = try await foundJob(context)
                return try await events(of: .job(job.value.id), archived: job.manifest, request)
            },
            Route(.get, "/v1/runs/{id}/events", "runEvents", .scope(.read)) { request, context in
                let run = try await foundRun(context)
                return try await events(of: .run(run.value.id), archived: run.manifest, request)
            },
        ]
    }

    /// A page of events, the oldest first.
    struct EventPage: Codable, Sendable {
        var events: [JobEvent]
        /// The cursor to go on after; the one that was given where there was nothing new.
        var next: String?
        /// Whether the job or run had ended when the page was read.
        var ended: Bool
    }

    private func events(
        of scope: EventScope, archived: RunManifest?, _ request: Request
    ) async throws -> Response {
        let query = try Query(request, known: ["after", "limit"])
        let after = try lastEventID(request.headers) ?? query.cursor("after")
        let source = EventSource(broker: broker, archive: archive, scope: scope, archived: archived)
        guard acceptsOnlyJSON(request.headers) else {
            let stream = EventStream(source: source, limits: limits, shutdown: shutdown, logger: logger)
            return Response(
                status: .ok,
                headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
                body: ResponseBody { writer in
                    try await stream.write(after: after) { try await writer.write($0) }
                    try await writer.finish(nil)
                })
        }
        let limit = try query.integer("limit", in: 1...limits.eventPage, default: limits.eventPage)
        let ended = try await source.hasEnded()
        let events = try await source.events(after: after, limit: limit)
        return try .json(EventPage(events: events, next: events.last?.id ?? after, ended: ended))
    }

    private func lastEventID(_ headers: HTTPFields) throws(Problem) -> String? {
        guard let name = HTTPField.Name("Last-Event-ID"), let id = headers[name], !id.isEmpty else { return nil }
        guard EventCursor.isWellFormed(id) else {
            throw .badRequest("Last-Event-ID is the id of an event, such as 1700000000000-0", field: "Last-Event-ID")
        }
        return id
    }

    private func acceptsOnlyJSON(_ headers: HTTPFields) -> Bool {
        let accept = headers[.accept]?.lowercased() ?? ""
        return accept.contains("application/json") && !accept.contains("text/event-stream")
    }
}
