// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages

/// The queue's depths and counters as Prometheus reads them; a job's id is never a label.
enum QueuePage {
    static func text(_ statistics: [QueueStatistics]) -> String {
        var depth = "# TYPE mellama_queue_depth gauge\n"
        var oldest = "# TYPE mellama_queue_oldest_ready_seconds gauge\n"
        var events = "# TYPE mellama_queue_jobs_total counter\n"
        for queue in statistics.sorted(by: { $0.kind < $1.kind }) {
            for (state, count) in queue.depth.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                depth += "mellama_queue_depth{kind=\"\(queue.kind)\",state=\"\(state.rawValue)\"} \(count)\n"
            }
            if let age = queue.oldestReady {
                oldest += "mellama_queue_oldest_ready_seconds{kind=\"\(queue.kind)\"} \(age / .seconds(1))\n"
            }
            for (event, count) in queue.counters.sorted(by: { $0.key < $1.key }) {
                events += "mellama_queue_jobs_total{event=\"\(event)\",kind=\"\(queue.kind)\"} \(count)\n"
            }
        }
        return depth + oldest + events
    }

    /// Whether the queue answered the scrape.
    static func up(_ isUp: Bool) -> String { "# TYPE mellama_queue_up gauge\nmellama_queue_up \(isUp ? 1 : 0)\n" }
}
