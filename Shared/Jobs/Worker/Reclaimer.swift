// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging

/// Gives the jobs of dead workers back, every second or so; every worker has one, and any one will do.
struct Reclaimer: Sendable {
    let broker: any JobBroker
    let interval: Duration
    let logger: Logger

    /// Reaps until cancelled.
    func run() async {
        while !Task.isCancelled {
            // Drawn, so that many workers spread out.
            try? await Task.sleep(for: interval * Double.random(in: 0.8...1.2))
            guard !Task.isCancelled else { return }
            do {
                let count = try await broker.reap()
                if count > 0 { logger.notice("Jobs given back or ended", metadata: ["count": "\(count)"]) }
            } catch {
                logger.debug("Reaping failed", metadata: ["error": "\(error)"])
            }
        }
    }
}
