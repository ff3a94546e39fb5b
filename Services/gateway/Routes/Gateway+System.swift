// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Messages

extension Gateway {
    /// What probes and scrapers read, without a key: none of it says anything of a job.
    var systemRoutes: [Route] {
        [
            Route(.get, "/healthz", "health", .open) { _, _ in try .json(["status": "ok"]) },
            Route(.get, "/readyz", "ready", .open) { _, _ in
                try await broker.ping()
                return try .json(["status": "ready"])
            },
            Route(.get, "/metrics", "metrics", .open) { _, _ in
                await .text(
                    metricsPage() + queuePage(), contentType: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }

    /// A scrape must tell of a queue that is away, not fail with it.
    private func queuePage() async -> String {
        do {
            let statistics = try await broker.statistics(kinds: JobKind.payloadTypes.keys.sorted())
            let figures = try await serverFigures?()
            return QueuePage.text(statistics) + (figures.map(QueuePage.text) ?? "") + QueuePage.up(true)
        } catch {
            return QueuePage.up(false)
        }
    }
}
