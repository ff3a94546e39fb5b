// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A process started by `posix_spawn`.
///
/// Not Foundation's `Process`: its pipes are inherited by whatever other tests start meanwhile, so that an input that was
/// closed has no end, and its `waitUntilExit` then waits for ever.
struct SpawnedProcess {
    /// Held while a process is started: what is started between a pipe's making and its marking would inherit it.
    private static let spawning = Mutex(())

    let pid: pid_t
    /// Our end of its standard input, a socket: it ends with us.
    let input: Int32

    /// - Parameters:
    ///   - words: the program's path and its arguments.
    ///   - output: the file that gets its standard output, at the end.
    ///   - errors: the file that gets its standard error; the same as `output` where nil.
    ///   - inOwnGroup: whether what ends our process group is not to end it.
    init(
        _ words: [String], environment: [String: String], output: String, errors: String? = nil,
        inOwnGroup: Bool = false
    ) throws(ChildProgramError) {
        var ends: [Int32] = [0, 0]
        // Closed in every other process that is started, from the first moment, or our end would not be the input's end.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw ChildProgramError("no pipe to be had") }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        let mode = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, output, mode, 0o600)
        if let errors {
            posix_spawn_file_actions_addopen(&actions, 2, errors, mode, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // A pool's thread blocks signals, and what it starts would do so too.
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | (inOwnGroup ? POSIX_SPAWN_SETPGROUP : 0)))
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let status = Self.spawning.withLock { _ in
            posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        }
        guard status == 0 else {
            close(ends[1])
            throw ChildProgramError("can't start \(words[0]): \(String(cString: strerror(status)))")
        }
        self.pid = pid
        input = ends[1]
    }

    /// The exit code, or minus the signal that ended it, in what `waitpid` tells.
    static func exitCode(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }
}
