// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Messages

extension Gateway {
    /// What became of single jobs.
    var jobRoutes: [Route] {
        [
            Route(.get, "/v1/jobs", "listJobs", .scope(.read), handler: listJobs),
            Route(.get, "/v1/jobs/{id}", "getJob", .scope(.read)) { _, context in try .json(await ownedJob(context)) },
            Route(.post, "/v1/jobs/{id}/cancel", "cancelJob", .scope(.cancel), handler: cancelJob),
        ]
    }

    @Sendable private func listJobs(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = try Query(request, known: ["state", "kind", "run", "limit", "after"])
        let states = Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0.rawValue, $0) })
        let kinds = Dictionary(uniqueKeysWithValues: JobKind.payloadTypes.keys.map { ($0.rawValue, $0) })
        var filter = JobFilter(
            state: try query.name("state", among: states), kind: try query.name("kind", among: kinds),
            run: try query.identifier("run", as: RunID.self),
            limit: try query.integer("limit", in: 1...1000, default: 50), after: query["after"])
        // The broker lists all tenants: pages are read on until this principal's is full.
        var page = JobPage(jobs: [])
        let wanted = filter.limit
        repeat {
            filter.limit = wanted - page.jobs.count
            let part = try await readPage(filter)
            page.jobs += part.jobs.filter { context.principal.sees(tenant: $0.tenant) }
            page.next = part.next
            filter.after = part.next
        } while page.jobs.count < wanted && page.next != nil
        return try .json(page)
    }

    private func readPage(_ filter: JobFilter) async throws -> JobPage {
        do {
            return try await broker.jobs(filter)
        } catch  where error.code == .malformed {
            throw Problem.invalid("invalid-value", "after: the cursor is none that this service gave", field: "after")
        }
    }

    @Sendable private func cancelJob(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let job = try await ownedJob(context)
        let state = try await broker.cancel(job.id)
        return try .json(StateAnswer(id: job.id.rawValue, state: state.rawValue), status: .accepted)
    }

    /// The job of the path, if it is there and the principal's to see; someone else's is as good as not there.
    func ownedJob(_ context: GatewayContext) async throws -> JobSnapshot {
        let missing = Problem.notFound(
            "no such job; GET /v1/jobs lists them, and finished ones are forgotten in time")
        let id = JobID(try context.parameters.require("id"))
        guard id.isWellFormed else { throw missing }
        let found = try await broker.job(id)
        guard let job = found, context.principal.sees(tenant: job.tenant) else { throw missing }
        return job
    }
}
