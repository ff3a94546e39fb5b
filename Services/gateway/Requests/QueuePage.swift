// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Telemetry

/// The queue's depths and counters, and how Redis is, as Prometheus reads them; a job's id is never a label.
enum QueuePage {
    /// The states that a job can be in without having ended, and the dead, which wait for a person.
    private static let states: [JobState] = [.ready, .delayed, .running, .waiting, .parked, .dead]
    /// Counters of the queue by the metric that shows them.
    private static let counters = [
        "submitted": "mellama_queue_submitted_total", "claimed": "mellama_queue_claims_total",
        "retried": "mellama_queue_retries_total", "released": "mellama_queue_releases_total",
        "lease_expired": "mellama_queue_lease_expired_total", "stale_calls": "mellama_queue_stale_calls_total",
        "parked": "mellama_queue_parked_total", "purged": "mellama_queue_purged_total",
        "repaired": "mellama_queue_repaired_total",
    ]

    static func text(_ statistics: [QueueStatistics]) -> String {
        var page = PrometheusText()
        for queue in statistics {
            let kind = ("kind", queue.kind.rawValue)
            for state in states {
                page.set(
                    "mellama_queue_depth", [kind, ("state", state.rawValue)], to: Double(queue.depth[state] ?? 0))
            }
            let age = (queue.oldestReady ?? .zero) / .seconds(1)
            page.set("mellama_queue_oldest_ready_seconds", [kind], to: age)
            for (counter, name) in counters { page.set(name, [kind], to: Double(queue.counters[counter] ?? 0)) }
            for state in JobState.allCases where state.isTerminal {
                let count = Double(queue.counters[state.rawValue] ?? 0)
                page.set("mellama_queue_completed_total", [kind, ("outcome", state.rawValue)], to: count)
            }
        }
        return page.text
    }

    /// How the server itself is.
    static func text(_ figures: RedisServerFigures) -> String {
        var page = PrometheusText()
        page.set("mellama_redis_memory_bytes", to: Double(figures.memory))
        page.set("mellama_redis_memory_limit_bytes", to: Double(figures.memoryLimit))
        page.set("mellama_redis_aof_enabled", to: figures.isAOFEnabled ? 1 : 0)
        page.set("mellama_redis_aof_write_ok", to: figures.isAOFWritable ? 1 : 0)
        page.set("mellama_redis_aof_rewrite_ok", to: figures.isAOFRewritable ? 1 : 0)
        page.set("mellama_redis_uptime_seconds", to: Double(figures.uptime))
        return page.text
    }

    /// Whether the queue answered the scrape.
    static func up(_ isUp: Bool) -> String {
        var page = PrometheusText()
        page.set("mellama_queue_up", to: isUp ? 1 : 0)
        return page.text
    }
}
