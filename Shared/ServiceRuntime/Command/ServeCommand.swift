// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts

/// `SERVICE serve`: joins the stack as a worker.
struct ServeCommand<Command: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "serve", abstract: "Take jobs from the queue until stopped (the default).")
    }

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let reader = try options.reader()
        var settings = try ServiceSettings(reader)
        if reader.string(.concurrency) == nil { settings.concurrency = Command.concurrency }
        try await ServiceHost(service: Command.service, settings: settings).serve(Command.handlers(settings))
    }
}

/// `SERVICE healthcheck`: exits 0 where the service in this container answers.
struct HealthcheckCommand<Command: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "healthcheck", abstract: "Exit 0 if the service on the admin port of this machine answers.")
    }

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let settings = try options.settings()
        try await ServiceHealth.check(settings)
    }
}

/// The health check of services that are no workers, such as the gateway.
public enum ServiceHealth {
    /// Throws `HostError` unless the service on the admin port of this machine answers.
    public static func check(_ settings: ServiceSettings) async throws {
        try await OwnThread.run { try HealthCheck.run(host: settings.adminHost, port: settings.adminPort) }
    }
}
