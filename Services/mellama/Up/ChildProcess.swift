// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Starting, signalling and reaping one process, without threads.
enum ChildProcess {
    /// How a process ended.
    enum Ending: Sendable, Hashable, CustomStringConvertible {
        case exited(Int32)
        case killed(Int32)

        init(status: Int32) {
            let signal = status & 0x7F
            self = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
        }

        /// Whether the process itself may have said why: not where it was told to stop, or killed from outside.
        var isExplained: Bool { ![.exited(0), .killed(SIGKILL), .killed(SIGTERM), .killed(SIGINT)].contains(self) }

        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .killed(let signal): "was killed by signal \(signal)"
            }
        }
    }

    /// Starts a program in a process group of its own (a terminal's Ctrl-C then reaches only us, who stop the children
    /// in their order), output appended to a log file.
    static func start(
        _ arguments: [String], environment: [String: String], log: String, newSession: Bool = false
    ) throws(MellamaError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        sigaddset(&mask, SIGPIPE)
        sigaddset(&mask, SIGINT)
        sigaddset(&mask, SIGTERM)
        posix_spawnattr_setsigdefault(&attributes, &mask)
        let group = newSession ? spawnSetSession : POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(Int32(group) | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") }
        argv.append(nil)
        envp.append(nil)
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
        guard result == 0 else {
            throw MellamaError("can't start \(arguments[0]): \(String(cString: strerror(result)))")
        }
        return pid
    }

    /// `POSIX_SPAWN_SETSID` of glibc's spawn.h, which the module map leaves out.
    private static let spawnSetSession: Int32 = 0x80

    /// Those of these children that have ended since the last call. Others' children are left to them.
    static func reap(_ pids: [pid_t]) -> [(pid: pid_t, ending: Ending)] {
        pids.compactMap { pid in
            var status: Int32 = 0
            return waitpid(pid, &status, WNOHANG) == pid ? (pid, Ending(status: status)) : nil
        }
    }

    static func isAlive(_ pid: pid_t) -> Bool { kill(pid, 0) == 0 || errno == EPERM }
}
