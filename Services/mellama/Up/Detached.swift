// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// `mellama up --detach`: the same command in a session of its own.
struct Detached {
    let folder: StateFolder

    /// Starts it and waits until the stack answers, or until it has said why not.
    func start(environment: [String: String]) throws {
        if let note = StackNote.read(folder) {
            throw MellamaError("a stack is up already at \(note.url); stop it with mellama down")
        }
        let arguments = CommandLine.arguments.dropFirst().filter { $0 != "--detach" }
        let pid = try ChildProcess.start(
            ["\(Stack.ownFolder())/mellama"] + arguments, environment: environment, log: folder.upLog,
            newSession: true)
        let deadline = ContinuousClock.now + StackRunner.startLimit + .seconds(15)
        while ContinuousClock.now < deadline {
            if let note = StackNote.read(folder), note.pid == pid {
                print(note.url)
                return
            }
            if !ChildProcess.reap([pid]).isEmpty {
                let said = LogTail.lastLine(of: folder.upLog).map {
                    $0.hasPrefix("mellama: ") ? String($0.dropFirst(9)) : $0
                }
                throw MellamaError(said ?? "up: the stack ended; see \(folder.upLog)")
            }
            usleep(50_000)
        }
        kill(pid, SIGTERM)
        throw MellamaError("up: the stack does not answer; see \(folder.logs)")
    }
}
