// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Running ranks, as the process sees them that started them.
///
/// They end when this process does, however it ends: `mpirun` hands its standard input to rank 0, which ends at the
/// input's end, and every rank ends when `mpirun` has.
public final class RankGroup {
    private static let errorLimit = 64 << 10

    private let ranks: Int
    let pid: pid_t
    private var input: Int32
    private let output: Int32
    private let errors: Int32
    private var errorBytes: [UInt8] = []

    /// The end of what was written to standard error.
    var said: String { String(decoding: errorBytes, as: UTF8.self) }

    /// Starts them.
    public convenience init(_ launch: RankLaunch) throws(CollectiveError) {
        try self.init(words: launch.words(), ranks: launch.ranks)
    }

    /// Starts a command that starts so many ranks.
    init(words: [String], ranks: Int) throws(CollectiveError) {
        self.ranks = ranks
        var ends: [[Int32]] = []
        for _ in 0..<3 {
            var pair: [Int32] = [0, 0]
            // Not a pipe: its ends could be inherited before they are marked as not to be.
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
                let reason = String(cString: strerror(errno))
                for end in ends.joined() { Glibc.close(end) }
                throw CollectiveError(.notStarted, "the ranks cannot be started: \(reason)")
            }
            ends.append(pair)
        }
        defer { for end in [ends[0][0], ends[1][1], ends[2][1]] { Glibc.close(end) } }
        do throws(CollectiveError) {
            pid = try Self.spawn(words, [ends[0][0], ends[1][1], ends[2][1]])
        } catch {
            for end in [ends[0][1], ends[1][0], ends[2][0]] { Glibc.close(end) }
            throw error
        }
        (input, output, errors) = (ends[0][1], ends[1][0], ends[2][0])
    }

    /// Asks rank 0 to end its run early, at a place where it can go on later.
    public func stop() { tell(RankConnection.stopLine) }

    /// Lets rank 0 go on after what it told last.
    public func answer() { tell(RankConnection.answerLine) }

    private func tell(_ line: String) {
        let line = Array("\(line)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
    }

    /// Reads what the ranks say until all have ended.
    ///
    /// - Parameters:
    ///   - onLine: each line of their standard output.
    ///   - onPause: called several times a second.
    /// - Throws: `failed`, naming the rank that ended first where `mpirun` says which.
    public func wait(onLine: (String) throws -> Void, onPause: () -> Void) throws {
        var line: [UInt8] = []
        var open: [Int32] = [output, errors]
        var ended = false
        defer { if !ended { end() } }
        while !open.isEmpty {
            var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if poll(&polled, nfds_t(polled.count), 100) < 0, errno != EINTR { break }
            for place in polled where place.revents != 0 {
                guard let bytes = Self.read(place.fd) else {
                    open.removeAll { $0 == place.fd }
                    continue
                }
                if place.fd == errors {
                    errorBytes = (errorBytes + bytes).suffix(Self.errorLimit)
                    continue
                }
                for byte in bytes {
                    guard byte == UInt8(ascii: "\n") else {
                        line.append(byte)
                        continue
                    }
                    try onLine(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                }
            }
            onPause()
        }
        let status = end()
        ended = true
        guard status != 0 else { return }
        let report = RankReport(said)
        throw CollectiveError(.failed, report.text(ranks: ranks, status: status))
    }

    /// Closes the input, which ends ranks that still run, and waits for `mpirun`; its exit code or minus its signal.
    @discardableResult
    private func end() -> Int32 {
        for descriptor in [input, output, errors] { Glibc.close(descriptor) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 { guard errno == EINTR else { return -1 } }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    /// What there is to read; nil at the end.
    private static func read(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? Array(buffer.prefix(count)) : nil
        }
    }

    private static func spawn(_ words: [String], _ descriptors: [Int32]) throws(CollectiveError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        // A signal to this process's group (Ctrl-C) is for this process alone, which then asks the ranks to stop.
        posix_spawnattr_setpgroup(&attributes, 0)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        // What this process ignores (a broken pipe) its children shall not.
        var standard = sigset_t()
        sigfillset(&standard)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        // Named by its whole path, mpirun would tell other machines to look below the same folder.
        let name = words[0].split(separator: "/").last.map(String.init) ?? words[0]
        var arguments: [UnsafeMutablePointer<CChar>?] = ([name] + words.dropFirst()).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, environ)
        guard status == 0 else {
            throw CollectiveError(
                .notStarted, "\(words[0]) cannot be started: \(String(cString: strerror(status)))")
        }
        return pid
    }
}
