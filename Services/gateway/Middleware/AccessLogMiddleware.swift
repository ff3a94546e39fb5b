// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// One log line a request: method, route pattern, status, duration, request id, key name. Never a path, a query or a
/// body: those may name or hold clinical text.
struct AccessLogMiddleware: RouterMiddleware {
    typealias Context = GatewayContext

    func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        context.record.requestID = RequestID.of(request.headers)
        let start = ContinuousClock.now
        var response = try await next(request, context)
        if let name = HTTPField.Name(RequestID.headerName) { response.headers[name] = context.record.requestID }
        var metadata: Logger.Metadata = [
            "method": "\(request.method.rawValue.prefix(20))",
            "route": "\(context.endpointPath ?? "none")",
            "status": "\(response.status.code)",
            "duration_ms": "\((ContinuousClock.now - start) / .milliseconds(1))",
            "request_id": "\(context.record.requestID)",
        ]
        if let key = context.record.key { metadata["key"] = "\(key)" }
        if let trace = context.record.trace { metadata["trace_id"] = "\(trace)" }
        context.logger.info("request", metadata: metadata)
        return response
    }
}
