// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Where a local stack keeps its things: data, logs, and the note by which other commands find it.
struct StateFolder: Sendable, Hashable {
    let path: String

    /// `--state`, else `MELLAMA_STATE`, else `mellama` in the user's state folder (XDG Base Directory).
    init(given: String?, environment: [String: String]) {
        let chosen: String
        if let given = given ?? environment["MELLAMA_STATE"], !given.isEmpty {
            chosen = given
        } else if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") {
            chosen = "\(base)/mellama"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            chosen = "\(home)/.local/state/mellama"
        } else {
            chosen = ".mellama"
        }
        path = LocalPath.absolute(chosen)
    }

    var noteFile: String { "\(path)/up.json" }
    var lockFile: String { "\(path)/lock" }
    var redisFolder: String { "\(path)/redis" }
    var artifacts: String { "\(path)/artifacts" }
    var journal: String { "\(path)/journal" }
    var logs: String { "\(path)/logs" }
    var upLog: String { "\(logs)/up.log" }

    /// The Redis socket. A unix socket's path holds at most 107 bytes, so below a long folder it goes to a short one,
    /// which only this user may enter.
    func redisSocket() throws(MellamaError) -> String {
        let near = "\(path)/redis.sock"
        if near.utf8.count <= 100 { return near }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let folder = "/tmp/mellama-\(getuid())-\(String(hash, radix: 36))"
        var status = stat()
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST, lstat(folder, &status) == 0,
            status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid(), status.st_mode & 0o077 == 0
        else {
            throw MellamaError("up: \(folder) is not this user's alone; name a shorter --state folder")
        }
        return "\(folder)/redis.sock"
    }

    /// Makes the folders; only this user may look inside.
    func make() throws(MellamaError) {
        for folder in [path, redisFolder, artifacts, logs] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw MellamaError("\(folder): can't be made; name another folder with --state")
            }
        }
    }

    /// Takes the lock of the stack, held until this process ends; nil where another process holds it.
    func lock() throws(MellamaError) -> Int32? {
        let file = open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw MellamaError("\(lockFile): can't be opened; check its permissions") }
        if flock(file, LOCK_EX | LOCK_NB) == 0 { return file }
        close(file)
        return nil
    }
}
