// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Jobs
import Logging
import ServiceRuntime

/// The only door: it checks what people ask for, gives it to the broker, and shows what became of it. It computes
/// nothing; what it is to remember is in its journal and its archive.
struct Gateway: Sendable {
    let broker: any JobBroker
    let artifacts: any ArtifactStore
    /// What became of runs and jobs that the queue has forgotten.
    let archive: any RunArchive
    let keys: KeyRing
    let limits: Limits
    /// What may be named by path.
    let dataRoots: DataRoots
    /// Tells open streams that the process is to stop.
    let shutdown: ShutdownFlag
    /// The metrics page, as Prometheus reads it.
    let metricsPage: @Sendable () -> String
    let logger: Logger
    /// Names that an operator gave to models.
    var models = ModelRegister()
    /// The broker for requests whose client waits for the answer: they are not worth a journal.
    var answering: any JobBroker
    /// Who waits for an answer.
    let desk: AnswerDesk
    /// How Redis is, where there is one below the broker.
    var serverFigures: (@Sendable () async throws -> RedisServerFigures)?

    /// Every operation. docs/openapi.yaml lists the same ones, held to it by a test.
    var routes: [Route] {
        submissionRoutes + jobRoutes + runRoutes + queueRoutes + eventRoutes + artifactRoutes + fileRoutes
            + modelRoutes + completionRoutes + systemRoutes
    }

    /// The router with its middleware, routes, and an answer 405 for every other method of a known path.
    func router() -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        router.add(middleware: RequestMetricsMiddleware())
        router.add(middleware: AccessLogMiddleware())
        router.add(middleware: ProblemMiddleware(logger: logger))
        let routes = routes
        for route in routes {
            router.on(route.routerPath, method: route.method) { request, context in
                try await respond(route, request, context)
            }
        }
        for (path, group) in Dictionary(grouping: routes, by: \.path) {
            addMethodNotAllowed(path, group, to: router)
        }
        return router
    }

    private func respond(_ route: Route, _ request: Request, _ context: GatewayContext) async throws -> Response {
        var context = context
        if case .scope(let scope) = route.access {
            // A key has to be sent on purpose; without keys a page of some other site could ask in the user's name.
            if keys.isOpen { try CrossOrigin.check(request) }
            let principal = try keys.principal(of: request.headers)
            context.record.key = principal.name
            context.principal = principal
            guard principal.allows(scope) else { throw Problem.forbidden(scope) }
        }
        return try await route.handler(request, context)
    }

    private func addMethodNotAllowed(_ path: String, _ group: [Route], to router: Router<GatewayContext>) {
        let allowed = group.map(\.method)
        for method: HTTPRequest.Method in [.get, .head, .post, .put, .patch, .delete, .options]
        where !allowed.contains(method) {
            router.on(group[0].routerPath, method: method) { request, _ -> Response in
                throw Problem.methodNotAllowed(request.method, allowed: allowed)
            }
        }
    }
}
