// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Metrics

/// Times requests and counts those under way, under OpenTelemetry's names. Labels are a route's pattern, never its path.
///
/// Errors have become answers before they come here: how many there are is told by their status.
struct RequestMetricsMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    /// A client can make up methods; all others are one (OpenTelemetry's semantic conventions for HTTP metrics).
    private static let methods: Set<String> = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ]

    func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let method = request.method.rawValue
        let dimension = ("http_request_method", Self.methods.contains(method) ? method : "_OTHER")
        let active = Meter(label: "http_server_active_requests", dimensions: [dimension])
        let start = ContinuousClock.now
        active.increment()
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            active.decrement()
            throw error
        }
        let (body, status) = (response.body, response.status.code)
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            // Also where the client leaves before its answer's end.
            defer {
                active.decrement()
                let dimensions = [
                    dimension, ("http_route", context.endpointPath ?? "none"),
                    ("http_response_status_code", String(status)),
                ]
                Timer(label: "http_server_request_duration_seconds", dimensions: dimensions)
                    .record(duration: .now - start)
            }
            try await body.write(writer)
        }
        return response
    }
}
