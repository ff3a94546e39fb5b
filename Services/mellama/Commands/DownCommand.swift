// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc

/// `mellama down`: stops the local stack.
struct DownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop the local stack; jobs in work keep their checkpoints.")

    @Option(help: "Where the stack keeps its data (MELLAMA_STATE).")
    var state: String?

    func run() throws {
        let folder = StateFolder(given: state, environment: ProcessInfo.processInfo.environment)
        guard LocalFiles.kind(of: folder.path) == .folder, try folder.lock().map({ close($0) }) == nil else {
            Terminal.note("mellama: no stack is up in \(folder.path)")
            return
        }
        guard let note = StackNote.read(folder) else {
            throw MellamaError("\(folder.path): a stack is starting or stopping; try again in a moment")
        }
        kill(note.pid, SIGTERM)
        let deadline = ContinuousClock.now + StackRunner.serviceGrace + StackRunner.redisGrace + .seconds(10)
        while ContinuousClock.now < deadline {
            if let lock = try folder.lock() {
                close(lock)
                Terminal.note("mellama: down")
                return
            }
            usleep(50_000)
        }
        throw MellamaError("the stack (process \(note.pid)) does not stop; see \(folder.logs)")
    }
}
