// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// `mellama queues`: depths and limits; with a subcommand, sets them.
struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues", abstract: "Show the queues; pause, resume or limit one.",
        subcommands: [List.self, Pause.self, Resume.self, Limit.self], defaultSubcommand: List.self)

    /// `mellama queues list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Depths and limits of all queues (the default).")

        @Flag(help: "The gateway's JSON.")
        var json = false
        @OptionGroup var options: GatewayOptions

        func run() async throws {
            let page = try await options.withClient { try await $0.get("/v1/queues", as: Answers.Queues.self) }
            if json {
                Terminal.out(String(decoding: try MessageEncoder.prettyPrinted(page), as: UTF8.self) + "\n")
                return
            }
            let states: [JobState] = [.waiting, .ready, .delayed, .parked, .running, .dead]
            let rows = page.queues.map { queue in
                [queue.kind.rawValue] + states.map { String(queue.depth[$0.rawValue] ?? 0) }
                    + [queue.oldestReadySeconds.map { "\(Int($0)) s" } ?? "", QueuesCommand.text(queue.control)]
            }
            Terminal.out(TextTable.text(["queue"] + states.map(\.rawValue) + ["oldest", ""], rows))
        }
    }

    /// `mellama queues pause KIND`.
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let nothing more be claimed from a queue.")

        @Argument(help: "Such as train.tune.")
        var kind: String
        @OptionGroup var options: GatewayOptions

        func run() async throws { try await QueuesCommand.tell(kind, "pause", options) }
    }

    /// `mellama queues resume KIND`.
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a queue be claimed from again.")

        @Argument(help: "Such as train.tune.")
        var kind: String
        @OptionGroup var options: GatewayOptions

        func run() async throws { try await QueuesCommand.tell(kind, "resume", options) }
    }

    /// `mellama queues limit KIND`.
    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a queue's limits.", discussion: "A limit that is not named stays; \"none\" takes it away.")

        @Argument(help: "Such as infer.generate.")
        var kind: String
        @Option(help: "The most jobs that may wait; more are refused.")
        var depth: String?
        @Option(help: "The most jobs that run at a time.")
        var running: String?
        @Option(help: "The most jobs of one tenant that may wait.")
        var tenantDepth: String?
        @Option(help: "The most jobs of one tenant that run at a time.")
        var tenantRunning: String?
        @OptionGroup var options: GatewayOptions

        func run() async throws {
            let path = "/v1/queues/\(try GatewayClient.checked(kind))"
            try await options.withClient { client in
                var control = try await client.get(path, as: Answers.Queue.self).control
                try Self.set(&control.maximumDepth, depth, "--depth")
                try Self.set(&control.maximumRunning, running, "--running")
                try Self.set(&control.tenantMaximumDepth, tenantDepth, "--tenant-depth")
                try Self.set(&control.tenantMaximumRunning, tenantRunning, "--tenant-running")
                let queue = try await client.put(path, control, as: Answers.Queue.self)
                Terminal.out("\(queue.kind) \(QueuesCommand.text(queue.control))\n")
            }
        }

        static func set(_ limit: inout Int?, _ text: String?, _ option: String) throws(MellamaError) {
            guard let text else { return }
            let number = Int(text)
            guard text == "none" || (number ?? -1) >= 0 else {
                throw MellamaError("\(option) is a whole number from 0, or none")
            }
            limit = number
        }
    }

    private static func tell(_ kind: String, _ action: String, _ options: GatewayOptions) async throws {
        let path = "/v1/queues/\(try GatewayClient.checked(kind))/\(action)"
        let queue = try await options.withClient { try await $0.post(path, as: Answers.Queue.self) }
        Terminal.out("\(queue.kind) \(text(queue.control))\n")
    }

    /// What is set, in words.
    static func text(_ control: QueueControl) -> String {
        var words = control.isPaused ? ["paused"] : []
        let limits = [
            ("depth", control.maximumDepth), ("running", control.maximumRunning),
            ("tenant-depth", control.tenantMaximumDepth), ("tenant-running", control.tenantMaximumRunning),
        ]
        for case (let name, let limit?) in limits { words.append("\(name) \(limit)") }
        return words.isEmpty ? "no limits" : words.joined(separator: ", ")
    }
}
