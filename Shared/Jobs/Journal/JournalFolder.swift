// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The files of a journal and the calls on them that block: for the journal's own threads alone.
///
/// `<folder>/<number>.journal` are its segments, written one after the other; `<folder>/lock` keeps a second process
/// out. Only this user may read them: they hold what users submit.
struct JournalFolder: Sendable {
    let path: String

    static let suffix = ".journal"
    private static let digits = 12

    /// Makes the folder where it is missing and closes it to other users.
    func make() throws(JobError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            made += made.isEmpty && !path.hasPrefix("/") ? String(part) : "/\(part)"
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw Self.refused(errno, made) }
        }
        guard chmod(path, 0o700) == 0 else { throw Self.refused(errno, path) }
    }

    /// Takes the folder for this process until the descriptor is closed.
    func lock() throws(JobError) -> Int32 {
        let name = "\(path)/lock"
        let file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.refused(errno, name) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw JobError(
                .unavailable, operation: JournaledJobBroker.operation,
                detail: "\(path): another gateway writes its journal here; give each a folder of its own")
        }
        return file
    }

    /// The numbers of the segments, the oldest first.
    func segments() throws(JobError) -> [Int] {
        guard let folder = opendir(path) else { throw Self.refused(errno, path) }
        defer { closedir(folder) }
        var numbers: [Int] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(Self.suffix), let number = Int(name.dropLast(Self.suffix.count)) {
                numbers.append(number)
            }
            // What a killed process was rewriting is not yet the journal's.
            if name.hasSuffix(".aside") { unlink("\(path)/\(name)") }
        }
        return numbers.sorted()
    }

    func name(of segment: Int) -> String {
        let number = String(segment)
        return "\(path)/" + String(repeating: "0", count: max(0, Self.digits - number.count)) + number + Self.suffix
    }

    /// Makes names in the folder durable.
    func synchronize() throws(JobError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.refused(errno, path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.refused(errno, path) }
    }

    func remove(_ segment: Int) throws(JobError) {
        let name = name(of: segment)
        guard unlink(name) == 0 || errno == ENOENT else { throw Self.refused(errno, name) }
    }

    /// The operating system's refusal, and how to mend it.
    static func refused(_ number: Int32, _ path: String) -> JobError {
        let remedy =
            [ENOSPC, EDQUOT, EFBIG].contains(number) ? "free space on that volume" : "give this user the right to it"
        return JobError(
            .unavailable, operation: JournaledJobBroker.operation,
            detail: "\(path): \(String(cString: strerror(number))); \(remedy). What can't be journalled is not accepted"
        )
    }
}
