// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// One operation of the API: what the router serves and what docs/openapi.yaml describes.
struct Route: Sendable {
    /// Who may call it.
    enum Access: Sendable, Hashable {
        /// Everyone, without a key.
        case open
        case scope(Scope)
    }

    typealias Handler = @Sendable (Request, GatewayContext) async throws -> Response

    var method: HTTPRequest.Method
    /// The path with `{name}` for parameters, as OpenAPI writes it.
    var path: String
    /// OpenAPI's `operationId`.
    var operation: String
    var access: Access
    var handler: Handler

    init(
        _ method: HTTPRequest.Method, _ path: String, _ operation: String, _ access: Access,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.operation = operation
        self.access = access
        self.handler = handler
    }

    /// The path as the router writes it: the last parameter of a file's path takes the rest.
    var routerPath: RouterPath {
        RouterPath(path.hasSuffix("{path}") ? String(path.dropLast(6)) + "**" : path)
    }
}
