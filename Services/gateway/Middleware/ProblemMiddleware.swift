// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Jobs
import Logging
import Messages

/// Turns whatever a route throws into a problem document; the log gets what the client must not see.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = GatewayContext
    let logger: Logger

    func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            if let error = error as? OpenAIError { return try error.response() }
            let problem = Problem(error)
            if problem.document.status >= 500 {
                // Broker and store errors name ids, states and folders; the text of any other may quote a payload.
                let isOurs = error is JobError || error is ArtifactError
                logger.error(
                    "request failed",
                    metadata: [
                        "request_id": "\(context.record.requestID)",
                        "detail": "\(isOurs ? "\(error)" : problem.document.detail)",
                        "type": "\(type(of: error))",
                    ])
            }
            return Gateway.speaksOpenAI(context.endpointPath) ? try OpenAIError(problem).response() : problem.response()
        }
    }
}
