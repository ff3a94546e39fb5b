// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
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
            Route(.delete, "/v1/jobs/{id}", "discardJob", .scope(.cancel), handler: discardJob),
            Route(.post, "/v1/jobs/{id}/purge", "purgeJob", .scope(.cancel), handler: purgeJob),
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
        // After the queue's jobs come those that only the archive has.
        if let after = filter.after, after.hasPrefix(Self.archiveCursor) {
            let id = String(after.dropFirst(Self.archiveCursor.count))
            return try .json(try await archivedPage(filter, after: id, context))
        }
        repeat {
            filter.limit = wanted - page.jobs.count
            let part = try await readPage(filter)
            page.jobs += part.jobs.filter { context.principal.sees(tenant: $0.tenant) }
            page.next = part.next
            filter.after = part.next
        } while page.jobs.count < wanted && page.next != nil
        if page.next == nil, page.jobs.count < wanted {
            filter.limit = wanted - page.jobs.count
            let older = try await archivedPage(filter, after: nil, context)
            page.jobs += older.jobs
            page.next = older.next
        }
        return try .json(page)
    }

    /// What a cursor into the archive begins with.
    private static let archiveCursor = "archive-"

    private func archivedPage(
        _ filter: JobFilter, after id: String?, _ context: GatewayContext
    ) async throws -> JobPage {
        var page = try await archivedJobs(filter, after: id, for: context.principal)
        page.next = page.next.map { Self.archiveCursor + $0 }
        return page
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

    /// Forgets an ended job, in the queue and in the archive: a dead letter that nobody will retry.
    @Sendable private func discardJob(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let found = try await foundJob(context)
        let job = found.value
        if let manifest = found.manifest {
            guard manifest.run == nil else {
                throw Problem(
                    "wrong-state", "The job's state does not allow this", status: .conflict,
                    detail: "\(job.id): is a stage of a run, which goes as a whole")
            }
        } else {
            try await broker.discard(job.id)
        }
        if job.run == nil { try await archive.remove(job.id.rawValue) }
        return try .json(StateAnswer(id: job.id.rawValue, state: job.state.rawValue))
    }

    /// Removes what a user submitted and what came of it; that there was such a job stays.
    @Sendable private func purgeJob(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let found = try await foundJob(context)
        // The archive has never had any of it.
        if found.manifest == nil { try await broker.purge(found.value.id) }
        return try .json(StateAnswer(id: found.value.id.rawValue, state: found.value.state.rawValue))
    }

    /// The job of the path, if it is there and the principal's to see; someone else's is as good as not there.
    func ownedJob(_ context: GatewayContext) async throws -> JobSnapshot { try await foundJob(context).value }

    /// The same, with its manifest where only the archive has it.
    func foundJob(_ context: GatewayContext) async throws -> Found<JobSnapshot> {
        let missing = Problem.notFound("no such job; GET /v1/jobs lists them")
        let id = JobID(try context.parameters.require("id"))
        guard id.isWellFormed else { throw missing }
        guard let job = try await find(id), context.principal.sees(tenant: job.value.tenant) else { throw missing }
        return job
    }
}
