// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// `mellama` as a user types it.
struct CommandRun {
    var exitCode: Int32
    /// What it printed, on both outputs.
    var printed: String

    static func mellama(
        _ arguments: [String], folder: String, environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> CommandRun {
        try await run(
            ["\(StackProcess.programs)/mellama"] + arguments, folder: folder, environment: environment, within: limit)
    }

    /// Any program, by its path.
    static func run(
        _ command: [String], folder: String, environment: [String: String] = [:], within limit: Duration = .seconds(60)
    ) async throws -> CommandRun {
        let log = "\(folder)/command-\(UUID().uuidString.prefix(8)).log"
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MELLAMA_") }
        all.merge(environment) { $1 }
        let program = try ChildProgram(command, environment: all, log: log)
        do {
            try await eventually(within: limit) { !program.isRunning }
        } catch {
            program.signal(9)
            throw error
        }
        return CommandRun(
            exitCode: program.exitCode ?? -1, printed: try String(contentsOfFile: log, encoding: .utf8))
    }
}
