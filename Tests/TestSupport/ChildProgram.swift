// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Glibc
import Synchronization

/// A process started by a test: its input a pipe that ends with us, its output in a file.
public final class ChildProgram: Sendable {
    /// Its number.
    public let pid: pid_t
    private let input: Int32
    private let ending = Mutex<Int32?>(nil)

    /// Starts the program of this path; what it prints is appended to `log`.
    public init(_ arguments: [String], environment: [String: String], log: String) throws {
        // A group of its own: what ends the tests' group is not to end the program before its guardian does.
        let process = try SpawnedProcess(arguments, environment: environment, output: log, inOwnGroup: true)
        (pid, input) = (process.pid, process.input)
    }

    deinit { close(input) }

    /// How it ended, as `waitpid` tells; nil while it runs.
    public var status: Int32? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            ending = status
            return status
        }
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { status == nil }

    /// The exit code, once it has ended; minus the signal where one ended it.
    public var exitCode: Int32? { status.map(SpawnedProcess.exitCode) }

    /// Sends it a signal, unless it has ended.
    public func signal(_ number: Int32) {
        ending.withLock { ending in if ending == nil { _ = Glibc.kill(pid, number) } }
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    public func end() {
        signal(SIGKILL)
        while isRunning { usleep(1_000) }
    }
}

/// Why a program could not be started.
public struct ChildProgramError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}
