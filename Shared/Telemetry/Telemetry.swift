// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Logging
import Metrics
import Synchronization

/// Starts logs and metrics once a process, the same way in every service.
public enum Telemetry {
    public enum LogFormat: Sendable, Hashable {
        /// One JSON object a line.
        case json
        /// A line that a person reads.
        case text
    }

    /// The process's metrics, as `/metrics` shows them.
    public static let registry = PrometheusRegistry()

    /// The process's ended spans, on their way to the collector where there is one.
    public static let spans = TraceBuffer()

    private static let isStarted = Mutex(false)

    /// Sends all logs to stderr and all metrics to `registry`; later calls change nothing.
    public static func bootstrap(service: String, level: Logger.Level, format: LogFormat) {
        let isFirst = isStarted.withLock { started in
            defer { started = true }
            return !started
        }
        guard isFirst else { return }
        LoggingSystem.bootstrap { label in
            LineLogHandler(service: service, label: label, level: level, format: format)
        }
        MetricsSystem.bootstrap(registry)
    }
}
