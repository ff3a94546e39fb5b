// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

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
                .text(metricsPage(), contentType: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }
}
