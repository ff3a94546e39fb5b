// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama check`: audits the queue's indexes.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the queue's indexes with its jobs; exit 1 if something is left wrong.")

    @Flag(help: "Mend what is wrong.")
    var repair = false
    @OptionGroup var options: GatewayOptions

    private struct Order: Encodable {
        var repair: Bool
        var cursor: String?
    }

    func run() async throws {
        try await options.withClient { client in
            var (seen, found, repaired) = (0, 0, 0)
            var cursor: String?
            repeat {
                let audit = try await client.post(
                    "/v1/check", Order(repair: repair, cursor: cursor), as: QueueAudit.self)
                for finding in audit.findings { Terminal.out("\(finding.job) \(finding.problem.rawValue)\n") }
                seen += audit.jobsSeen
                found += audit.findings.count
                repaired += audit.repaired
                cursor = audit.cursor
            } while cursor != nil
            Terminal.out("\(seen) jobs, \(found) findings, \(repaired) mended\n")
            guard found > repaired else { return }
            throw MellamaError(
                repair
                    ? "check: \(found - repaired) findings could not be mended; run it again, and tell us if they stay"
                    : "check: mend this with mellama check --repair")
        }
    }
}
