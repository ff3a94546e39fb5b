// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Metrics
import Redis
import ServiceLifecycle
import Telemetry

/// Sends ended spans to a collector, as OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp), once a second.
///
/// On a thread of its own, apart from all work. What a collector does not take is lost and counted, never kept: it must
/// be near, and whoever needs more puts one that buffers beside the service.
struct SpanExporter: Service {
    /// Spans of one request.
    static let batch = 512

    let address: CollectorAddress
    /// What every span is of: `service.name`, `service.version`, `service.instance.id`.
    let resource: [String: String]
    let buffer: TraceBuffer
    let logger: Logger
    var interval: Duration = .seconds(1)
    private let thread = BlockingThread(name: "spans")

    init(
        address: CollectorAddress, resource: [String: String], buffer: TraceBuffer = Telemetry.spans, logger: Logger
    ) {
        self.address = address
        self.resource = resource
        self.buffer = buffer
        self.logger = logger
        buffer.open()
    }

    func run() async throws {
        var wasTaken = true
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: interval) }
            wasTaken = await drain(wasTaken)
        }
        // It is stopped last: what the others ended with is here now.
        _ = await drain(wasTaken)
    }

    /// Sends all there is. Returns whether the collector took it.
    private func drain(_ wasTaken: Bool) async -> Bool {
        var isTaken = wasTaken
        while true {
            let spans = buffer.take(Self.batch)
            guard !spans.isEmpty else { return isTaken }
            let body = TraceSpan.request(spans, resource: resource)
            let status = await withCheckedContinuation { continuation in
                thread.perform { continuation.resume(returning: Self.post(body, to: address)) }
            }
            isTaken = status.map { (200..<300).contains($0) } ?? false
            let metric = "mellama_trace_spans_\(isTaken ? "exported" : "dropped")_total"
            Counter(label: metric).increment(by: spans.count)
            guard isTaken else {
                // Said once, not every second.
                if wasTaken {
                    logger.warning(
                        "The collector takes no spans; they are dropped",
                        metadata: [
                            "host": "\(address.host)", "port": "\(address.port)",
                            "status": "\(status.map(String.init) ?? "none")",
                        ])
                }
                return false
            }
        }
    }

    /// The status of the answer, nil where none came. Blocks, for a few seconds at most.
    private static func post(_ body: String, to address: CollectorAddress) -> Int? {
        guard let socket = TCPSocket(host: address.host, port: address.port, seconds: 2) else { return nil }
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let head =
            "POST \(address.path) HTTP/1.1\r\nHost: \(host):\(address.port)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
        guard socket.write(Array((head + body).utf8)) else { return nil }
        return socket.readStatus()
    }
}
