// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging
import Telemetry

/// Health and metrics of one process, on a port of its own: `/healthz`, `/readyz`, `/metrics`.
struct AdminServer {
    let service: String
    let settings: ServiceSettings
    let broker: any JobBroker
    let logger: Logger

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in "ok\n" }
        router.get("/readyz") { _, _ in await readiness() }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: Telemetry.registry.text())))
        }
        return router
    }

    var application: some ApplicationProtocol {
        Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.adminHost, port: settings.adminPort), serverName: "mellama-\(service)"),
            logger: logger)
    }

    /// 200 where the queue takes work, else 503 and why.
    private func readiness() async -> Response {
        do {
            try await broker.ping()
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "ready\n")))
        } catch {
            let text = "not ready: \(error)\n"
            return Response(status: .serviceUnavailable, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }
}
