// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc

/// `mellama up`: the whole stack as local processes, until it is stopped.
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start the whole stack as local processes, and keep it running.",
        discussion: """
            A private Redis, the gateway, and the workers. A process that dies is started again, and said so. \
            Ctrl-C or mellama down stops all of it; jobs in work keep their checkpoints.
            """)

    @Option(help: "How many inference workers.")
    var inference = 1
    @Option(name: .customLong("data-root"), help: "A folder whose files jobs may name; may be repeated.")
    var dataRoots: [String] = []
    @Option(help: "The gateway's port on 127.0.0.1 (default: a free one).")
    var port: Int?
    @Option(help: "Where the stack keeps its data (MELLAMA_STATE).")
    var state: String?
    @Option(help: "The folder of the executables (default: beside this one).")
    var bin: String?
    @Flag(help: "No journal of submissions: Redis syncs each write instead.")
    var noJournal = false
    @Flag(help: "Come back when the stack is up, and leave it running.")
    var detach = false

    func validate() throws {
        guard (0...64).contains(inference) else { throw ValidationError("--inference is a number from 0 to 64") }
        if let port, !(1...65_535).contains(port) { throw ValidationError("--port is a number from 1 to 65535") }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let folder = StateFolder(given: state, environment: environment)
        try folder.make()
        if detach { return try Detached(folder: folder).start(environment: environment) }
        guard let lock = try folder.lock() else {
            let place = StackNote.read(folder).map { " at \($0.url)" } ?? ""
            throw MellamaError("a stack is up already\(place) (\(folder.path)); stop it with mellama down")
        }
        defer { close(lock) }
        StopSignal.install()
        let stack = try stack(folder, environment)
        try stack.check()
        let runner = StackRunner(stack: stack, tell: { Terminal.note("mellama: \($0)") }) { note in
            Terminal.note(
                "mellama: up at \(note.url), \(note.children.count) processes, logs in \(folder.logs)")
            let pages = note.adminPorts.sorted { $0.key < $1.key }.map { "\($0.key) :\($0.value)" }
            Terminal.note("mellama: metrics at \(note.url)/metrics, on 127.0.0.1 \(pages.joined(separator: ", "))")
        }
        let signal = try runner.run()
        Terminal.note("mellama: down")
        throw ExitCode(128 + signal)
    }

    private func stack(_ folder: StateFolder, _ environment: [String: String]) throws -> Stack {
        guard let redis = Stack.find("redis-server", environment: environment) else {
            throw MellamaError("redis-server is not installed; install it with: apt-get install redis-server")
        }
        let given = (environment["MELLAMA_DATA_ROOTS"] ?? "").split(separator: ":").map(String.init)
        let roots = (dataRoots.isEmpty ? given : dataRoots).map { LocalPath.resolved(LocalPath.absolute($0)) }
        let workers = [("tokenizer", 1), ("trainer", 1), ("inference", inference), ("evaluator", 1)]
        var ports = try LoopbackPort.free(1 + workers.reduce(0) { $0 + $1.1 })
        let free = ports.removeFirst()
        return Stack(
            state: folder, programs: bin.map { LocalPath.absolute($0) } ?? Stack.ownFolder(), redisProgram: redis,
            port: port ?? free, dataRoots: roots, workers: workers, environment: environment,
            socket: try folder.redisSocket(), adminPorts: ports, isJournalled: !noJournal)
    }
}
