// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Hummingbird
import Jobs
import Logging
import ServiceRuntime
import Telemetry

/// `gateway serve`: listens until it is stopped.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the API until stopped (the default).")

    @OptionGroup var options: ServiceOptions
    @Option(help: ArgumentHelp("Address to listen on (MELLAMA_HOST; 127.0.0.1).", valueName: "host"))
    var host: String?
    @Option(help: ArgumentHelp("Port to listen on (MELLAMA_PORT; 8080).", valueName: "port"))
    var port: String?
    @Option(help: ArgumentHelp("Lines of name:sha256-of-key:scopes[:tenant] (MELLAMA_API_KEYS_FILE).", valueName: "f"))
    var apiKeysFile: String?
    @Option(help: ArgumentHelp("Largest uploaded file (MELLAMA_UPLOAD_LIMIT; 64GiB).", valueName: "size"))
    var uploadLimit: String?
    @Flag(help: "Serve without keys on an address that others can reach (MELLAMA_INSECURE_OPEN).")
    var insecureOpen = false

    func run() async throws {
        var flags: [String: String] = [:]
        flags["host"] = host
        flags["port"] = port
        flags["api-keys-file"] = apiKeysFile
        flags["upload-limit"] = uploadLimit
        if insecureOpen { flags["insecure-open"] = "true" }
        let reader = try options.reader(moreFlags: flags, moreKeys: SettingKey.gatewayOnly)
        let settings = try ServiceSettings(reader)
        let gateway = try GatewaySettings(reader)
        let keys = try gateway.keyRing()
        let host = ServiceHost(service: "gateway", settings: settings)
        try await host.run { connections in
            if keys.isOpen {
                connections.logger.warning(
                    "No API keys: whoever reaches this address may do everything",
                    metadata: ["host": "\(gateway.host)", "port": "\(gateway.port)"])
            }
            let shutdown = ShutdownFlag()
            var figures: (@Sendable () async throws -> RedisServerFigures)?
            if let redis = connections.broker as? RedisJobBroker {
                figures = { @Sendable in try await redis.serverFigures() }
            }
            let router = Gateway(
                broker: connections.broker, artifacts: connections.store, keys: keys, limits: gateway.limits,
                dataRoots: connections.dataRoots, shutdown: shutdown,
                metricsPage: { Telemetry.registry.text() }, logger: connections.logger,
                serverFigures: figures
            ).router()
            let application = Application(
                router: router,
                configuration: ApplicationConfiguration(
                    address: .hostname(gateway.host, port: gateway.port), serverName: "mellama"),
                logger: connections.logger)
            // Stopped in reverse: the streams learn of it before the server waits for them.
            return [application, ShutdownWatch(flag: shutdown)]
        }
    }
}
