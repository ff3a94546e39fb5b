// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Redis

/// Whether a service may start on a server: it must let us in, and its settings must not make it forget jobs.
struct RedisAdmission: Sendable {
    let configuration: RedisConfiguration
    /// Whether a server that may forget jobs will do.
    let acceptsUnsafe: Bool
    let logger: Logger

    /// Looks at the server once. Throws `HostError` where waiting would not help, `RedisError` where it may.
    func check() async throws {
        let facts: RedisServerFacts
        do {
            let connection = try await RedisConnection.connect(to: configuration, name: "redis-check")
            facts = try await RedisServerFacts.read(over: connection)
            await connection.close()
        } catch {
            guard !error.isRetryable else { throw error }
            throw HostError(.redisRefused, detail: "\(configuration) can't be used: \(error.detail)")
        }
        try judge(facts.findings)
    }

    /// Throws where one is unsafe and that was not accepted; the others go to the log.
    func judge(_ findings: [RedisServerFacts.Finding]) throws(HostError) {
        let unsafe = findings.filter { $0.severity == .unsafe }
        guard unsafe.isEmpty || acceptsUnsafe else {
            throw HostError(
                .redisRefused,
                detail: "\(configuration) may lose jobs: \(unsafe.map(\.text).joined(separator: "; ")); "
                    + "or accept that with --accept-unsafe-redis (MELLAMA_ACCEPT_UNSAFE_REDIS=true)")
        }
        for finding in findings {
            let metadata: Logger.Metadata = ["redis": "\(configuration)", "finding": "\(finding.text)"]
            switch finding.severity {
            case .unsafe: logger.warning("Redis may lose jobs, and that was accepted", metadata: metadata)
            case .warning: logger.warning("Redis is not set as it should be", metadata: metadata)
            case .unchecked: logger.notice("Redis could not be looked at whole", metadata: metadata)
            }
        }
    }
}
