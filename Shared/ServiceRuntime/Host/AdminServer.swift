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
    /// Those of this process: none in the gateway.
    let workers: [Worker]
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

    /// 200 where the queue takes work and the workers hear from it, else 503 and why.
    private func readiness() async -> Response {
        do {
            try await broker.ping()
        } catch {
            return answer(.serviceUnavailable, "not ready: \(error)\n")
        }
        if let reason = workers.lazy.compactMap(\.unreadiness).first {
            return answer(.serviceUnavailable, "not ready: \(reason)\n")
        }
        let ages = workers.map { worker in
            worker.claimAge.map { "last claim answered \(Int($0 / .seconds(1))) s ago" } ?? "every slot is taken"
        }
        return answer(.ok, (["ready"] + ages).joined(separator: "; ") + "\n")
    }

    private func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(status: status, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
