// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
public import Llama
import Synchronization
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Repacked weights in files of a folder, which every process that serves the same model maps read-only: the second one
/// packs nothing and adds no memory of its own.
///
/// A file is named by the model, the format and the layout, written aside, synced and renamed. When a new one would pass
/// the budget, those used longest ago are removed; whoever has one mapped keeps it. One file is written at a time, and who
/// wants the same waits for it. Where a file cannot be written, weights are packed into memory of the process's own.
public final class PackedWeightCache: Sendable {
    private let folder: String
    private let budget: Int
    private let onProblem: @Sendable (String) -> Void
    private let hasTold = Atomic(false)

    /// - Parameters:
    ///   - folder: made in a folder that is there; where that is not, nothing is kept.
    ///   - budget: bytes of all files.
    ///   - onProblem: told once why weights are not shared.
    public init(folder: String, budget: Int, onProblem: @escaping @Sendable (String) -> Void) {
        self.folder = folder
        self.budget = budget
        self.onProblem = onProblem
    }

    /// Where a model's repacked weights are kept. `model` tells it from every other, and from itself once it is changed.
    public func place(of model: String) -> some PackedWeightPlace { Place(cache: self, model: model) }

    private struct Place: PackedWeightPlace {
        let cache: PackedWeightCache
        let model: String

        func memory(layout: String, bytes: Int) throws -> PanelMemory {
            let key = SHA256.hexadecimal(of: "\(layout)\n\(model)")
            do throws(FileError) {
                if let file = try cache.file(key, bytes: bytes) {
                    return PanelMemory(over: file.base, bytes: bytes, owner: file, holdsWeights: file.isWhole)
                }
            } catch {
                cache.tell(error)
            }
            return try PrivateMemory().memory(layout: layout, bytes: bytes)
        }

        func keep(_ memory: PanelMemory) {
            guard let file = memory.owner as? PackedWeightFile else { return }
            do { try file.publish() } catch { cache.tell(error) }
        }
    }

    private func tell(_ error: FileError) {
        guard !hasTold.exchange(true, ordering: .relaxed) else { return }
        onProblem("weights are not shared with other processes: \(error.description)")
    }

    /// The file mapped, if it is there; else a new one, whose lock keeps others waiting until it is published or gone. Nil
    /// where there is no folder to make one in.
    private func file(_ key: String, bytes: Int) throws(FileError) -> PackedWeightFile? {
        let path = "\(folder)/\(key).weights"
        if let file = try PackedWeightFile(mapping: path, key: key, bytes: bytes) { return file }
        // A job that runs alone has no store to share through, and is not to leave one.
        if mkdir(folder, 0o755) != 0, errno == ENOENT { return nil }
        let lock = try FolderLock(folder)
        if let file = try PackedWeightFile(mapping: path, key: key, bytes: bytes) { return file }
        try makeRoom(for: PackedWeightFile.size(bytes), path)
        return try PackedWeightFile(creating: path, key: key, bytes: bytes, lock: lock)
    }

    /// Removes what a killed process left, and files used longest ago; the caller holds the lock.
    private func makeRoom(for size: Int, _ path: String) throws(FileError) {
        guard size <= budget else {
            throw FileError(.tooLarge, path, "would take \(size) bytes of the \(budget) for repacked weights")
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var kept: [(path: String, size: Int, used: Int)] = []
        for name in names {
            let path = "\(folder)/\(name)"
            var status = stat()
            if name.hasSuffix(".partial") {
                _ = unlink(path)
            } else if name.hasSuffix(".weights"), lstat(path, &status) == 0 {
                let time = status.st_mtim
                kept.append((path, Int(status.st_size), time.tv_sec * 1_000_000_000 + time.tv_nsec))
            }
        }
        var total = kept.reduce(size) { $0 + $1.size }
        for file in kept.sorted(by: { $0.used < $1.used }) where total > budget {
            if unlink(file.path) == 0 { total -= file.size }
        }
    }
}
