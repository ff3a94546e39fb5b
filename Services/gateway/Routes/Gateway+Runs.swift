// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Jobs
import Messages

extension Gateway {
    /// What became of runs.
    var runRoutes: [Route] {
        [
            Route(.get, "/v1/runs", "listRuns", .scope(.read), handler: listRuns),
            Route(.get, "/v1/runs/{id}", "getRun", .scope(.read)) { _, context in try .json(await ownedRun(context)) },
            Route(.post, "/v1/runs/{id}/cancel", "cancelRun", .scope(.cancel), handler: cancelRun),
            Route(.post, "/v1/runs/{id}/purge", "purgeRun", .scope(.cancel), handler: purgeRun),
        ]
    }

    /// A page of runs, the newest first.
    struct RunPage: Codable, Sendable {
        var runs: [RunSnapshot]
    }

    @Sendable private func listRuns(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = try Query(request, known: ["limit"])
        let limit = try query.integer("limit", in: 1...1000, default: 50)
        var runs = try await broker.runs(limit: limit).filter { context.principal.sees(tenant: $0.tenant) }
        runs += try await archivedRuns(limit: limit - runs.count, for: context.principal)
        return try .json(RunPage(runs: runs))
    }

    @Sendable private func cancelRun(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let run = try await ownedRun(context)
        try await broker.cancel(run.id)
        let state = try await broker.run(run.id)?.state ?? .cancelled
        return try .json(StateAnswer(id: run.id.rawValue, state: state.rawValue), status: .accepted)
    }

    @Sendable private func purgeRun(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let found = try await foundRun(context)
        if found.manifest == nil { try await broker.purge(found.value.id) }
        return try .json(StateAnswer(id: found.value.id.rawValue, state: found.value.state.rawValue))
    }

    /// The run of the path, if it is there and the principal's to see.
    func ownedRun(_ context: GatewayContext) async throws -> RunSnapshot { try await foundRun(context).value }

    /// The same, with its manifest where only the archive has it.
    func foundRun(_ context: GatewayContext) async throws -> Found<RunSnapshot> {
        let missing = Problem.notFound("no such run; GET /v1/runs lists them")
        let id = RunID(try context.parameters.require("id"))
        guard JobID(id.rawValue).isWellFormed else { throw missing }
        guard let run = try await find(id), context.principal.sees(tenant: run.value.tenant) else { throw missing }
        return run
    }
}
