// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Hummingbird
import Jobs
import Logging
import ServiceLifecycle
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
    @Option(help: ArgumentHelp("How long clients wait for answers (MELLAMA_ANSWER_TIMEOUT; 600).", valueName: "s"))
    var answerTimeout: String?
    @Option(help: ArgumentHelp("Where submissions are journalled (MELLAMA_JOURNAL; nowhere).", valueName: "folder"))
    var journal: String?
    @Flag(help: "No journal, whatever MELLAMA_JOURNAL says: then Redis needs appendfsync always.")
    var noJournal = false
    @Flag(help: "Serve without keys on an address that others can reach (MELLAMA_INSECURE_OPEN).")
    var insecureOpen = false

    func run() async throws {
        var flags: [String: String] = [:]
        flags["host"] = host
        flags["port"] = port
        flags["api-keys-file"] = apiKeysFile
        flags["upload-limit"] = uploadLimit
        flags["journal"] = journal
        flags["answer-timeout"] = answerTimeout
        if insecureOpen { flags["insecure-open"] = "true" }
        let reader = try options.reader(moreFlags: flags, moreKeys: SettingKey.gatewayOnly)
        let settings = try ServiceSettings(reader)
        var gateway = try GatewaySettings(reader)
        if noJournal { gateway.journal = nil }
        let keys = try gateway.keyRing()
        let models = try settings.modelsFile.map { try ModelRegister(file: $0) } ?? ModelRegister()
        let host = ServiceHost(service: "gateway", settings: settings)
        try await host.run { [gateway] connections in
            if keys.isOpen {
                connections.logger.warning(
                    "No API keys: whoever reaches this address may do everything",
                    metadata: ["host": "\(gateway.host)", "port": "\(gateway.port)"])
            }
            let shutdown = ShutdownFlag()
            let archive = DirectoryRunArchive(root: settings.artifacts)
            let journaled = try await gateway.journaled(connections, archive)
            let router = Gateway(
                broker: journaled ?? connections.broker, artifacts: connections.store, archive: archive, keys: keys,
                limits: gateway.limits, dataRoots: connections.dataRoots, shutdown: shutdown,
                metricsPage: { Telemetry.registry.text() + JournalPage.text(journaled?.figures) },
                logger: connections.logger, models: models, answering: connections.broker,
                desk: AnswerDesk(
                    broker: connections.broker, limit: gateway.limits.openAnswers, logger: connections.logger),
                serverFigures: { try await connections.broker.serverFigures() }
            ).router()
            let follower = ArchiveFollower(
                broker: connections.broker, archive: archive, namespace: settings.namespace, logger: connections.logger)
            let application = Application(
                router: router,
                configuration: ApplicationConfiguration(
                    address: .hostname(gateway.host, port: gateway.port), serverName: "mellama"),
                logger: connections.logger)
            // Stopped in reverse: the streams learn of it before the server waits for them.
            let services: [any Service] = [follower, application, ShutdownWatch(flag: shutdown)]
            return (journaled.map { [$0] } ?? []) + services
        }
    }
}

extension GatewaySettings {
    /// The broker over the journal, where there is one; what Redis may have lost is already there again, unless Redis is
    /// away: then that follows.
    func journaled(
        _ connections: ServiceConnections, _ archive: any RunArchive
    ) async throws -> JournaledJobBroker? {
        guard let folder = journalFolder(connections.settings.namespace) else {
            connections.logger.warning(
                "No journal: Redis alone keeps what is accepted, and needs appendfsync always for that")
            return nil
        }
        let base = connections.broker
        let broker = JournaledJobBroker(
            base: base, journal: try await SubmissionJournal.open(folder: folder, logger: connections.logger),
            logger: connections.logger,
            serverRunID: { () async throws(JobError) in try await base.serverRunID() },
            hasEnded: { archive.holds($0) })
        do {
            try await broker.checkServer()
        } catch {
            connections.logger.warning("The journal waits for Redis", metadata: ["error": "\(error)"])
        }
        return broker
    }
}
