// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceRuntime

/// `gateway healthcheck`: exits 0 where the gateway in this container answers.
struct HealthcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck", abstract: "Exit 0 if the gateway on the admin port of this machine answers.")

    @OptionGroup var options: ServiceOptions

    func run() async throws { try await ServiceHealth.check(options.settings()) }
}
