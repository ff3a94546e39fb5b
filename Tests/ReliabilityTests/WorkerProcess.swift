// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport

/// A worker as a process of its own.
final class WorkerProcess: Sendable {
    private let process: ServiceProcess
    private let hasEnded = Mutex(false)

    init(_ arguments: [String]) throws {
        process = try ServiceProcess(arguments, name: "queue-driver")
    }

    var pid: pid_t { process.pid }

    /// Whether it still runs.
    var isRunning: Bool {
        hasEnded.withLock { hasEnded in
            if hasEnded { return false }
            var information = siginfo_t()
            // Looks without taking: `finish` is who takes.
            let status = waitid(P_PID, id_t(process.pid), &information, WEXITED | WNOHANG | WNOWAIT)
            return status == 0 && information.si_signo == 0
        }
    }

    func suspend() { process.signal(SIGSTOP) }
    func resume() { process.signal(SIGCONT) }

    /// As `kill -9`, and waits until it is gone.
    func kill() {
        hasEnded.withLock { hasEnded in
            guard !hasEnded else { return }
            hasEnded = true
            process.signal(SIGKILL)
            _ = try? process.finish()
        }
    }

    /// Asks it to stop, and waits until it has; gives its exit code.
    @discardableResult
    func stop() throws -> Int32? {
        try hasEnded.withLock { hasEnded in
            guard !hasEnded else { return nil }
            hasEnded = true
            process.signal(SIGTERM)
            return try process.finish().status
        }
    }
}
