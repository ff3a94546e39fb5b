// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// The ranks of training jobs whose plan lies below a folder, as processes.
public enum RankProcesses {
    /// Whether `mpirun` is in PATH.
    public static let areOffered = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        .contains { access("\($0)/mpirun", X_OK) == 0 }

    /// The number of each rank's process.
    public static func below(_ folder: URL) -> [Int: pid_t] {
        var found: [Int: pid_t] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(name), let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline"),
                let variables = FileManager.default.contents(atPath: "/proc/\(name)/environ")
            else { continue }
            let arguments = words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard arguments.count == 3, arguments[1] == "rank", arguments[2].hasPrefix(folder.path) else { continue }
            let rank = variables.split(separator: 0).lazy.map { String(decoding: $0, as: UTF8.self) }
                .first { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") }
            if let rank, let number = Int(rank.dropFirst(21)) { found[number] = pid }
        }
        return found
    }
}
