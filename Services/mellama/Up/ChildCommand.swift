// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// `mellama child`: what `mellama up` starts its children through. It ties this process to its parent's life and then
/// becomes the program.
struct ChildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "child", abstract: "Become a program that ends with its parent.", shouldDisplay: false)

    @Option(help: "The parent's process id.")
    var parent: Int32

    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var command: [String] = []

    func run() throws {
        guard let program = command.first else { throw ValidationError("name a program after --") }
        guard ParentDeathSignal.set(SIGTERM) else {
            throw MellamaError("child: the kernel refuses to tie \(program) to its parent; nothing was started")
        }
        // The parent may have died before the signal was set: then nobody would stop this process.
        guard getppid() == parent else { throw ExitCode(1) }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        execv(program, arguments)
        throw MellamaError("child: can't start \(program): \(String(cString: strerror(errno)))")
    }
}
