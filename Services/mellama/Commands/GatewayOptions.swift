// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials

/// How a command finds the gateway.
struct GatewayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The gateway (MELLAMA_GATEWAY; default: the local stack's).", valueName: "url"))
    var gateway: String?
    @Option(help: ArgumentHelp("An API key (MELLAMA_API_KEY).", valueName: "key"))
    var key: String?
    @Option(help: ArgumentHelp("The local stack's folder (MELLAMA_STATE).", valueName: "folder"))
    var state: String?

    /// Used where nothing says otherwise.
    static let defaultURL = "http://127.0.0.1:8080"

    func url(_ environment: [String: String]) throws -> String {
        let named = [gateway, environment["MELLAMA_GATEWAY"]].compactMap { $0 }.first { !$0.isEmpty }
        guard let named else {
            return StackNote.read(StateFolder(given: state, environment: environment))?.url ?? Self.defaultURL
        }
        guard named.hasPrefix("http://") || named.hasPrefix("https://") else {
            throw ValidationError("a gateway is named as http://host:port or https://host")
        }
        return named
    }

    /// Runs `body` with a client of the gateway.
    func withClient<Value>(_ body: (GatewayClient) async throws -> Value) async throws -> Value {
        let environment = ProcessInfo.processInfo.environment
        let key = [key, environment["MELLAMA_API_KEY"]].compactMap { $0 }.first { !$0.isEmpty }
        return try await GatewayClient.with(url: try url(environment), key: key, body)
    }
}
