// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// How the ranks of one run are started: `mpirun`, here or over the machines of a host file.
///
/// What a network needs besides (which interface, how to reach other machines) is told to Open MPI by its own
/// environment variables, `OMPI_MCA_…`, which are passed on.
public struct RankLaunch: Sendable {
    /// How many processes.
    public var ranks: Int
    /// An Open MPI host file (`name slots=2` a line); nil starts all ranks on this machine.
    public var hostFile: String?
    /// The program and its arguments; every machine has it at the same path.
    public var command: [String]

    public init(ranks: Int, hostFile: String? = nil, command: [String]) {
        self.ranks = ranks
        self.hostFile = hostFile
        self.command = command
    }

    /// Whether `mpirun` is in PATH.
    public static var isOffered: Bool { find("mpirun", in: path) != nil }

    private static var path: String { getenv("PATH").map { String(cString: $0) } ?? "" }

    /// The whole command line. Throws `unavailable` where there is no `mpirun` in PATH.
    func words(
        path: String = path
    ) throws(CollectiveError) -> [String] {
        guard let program = Self.find("mpirun", in: path) else {
            throw CollectiveError(
                .unavailable, "ranks: \(ranks) asked, but no Open MPI was found: \(CollectiveError.remedy)")
        }
        var words = [program, "-np", String(ranks), "--bind-to", "none"]
        if geteuid() == 0 { words.append("--allow-run-as-root") }
        if let hostFile {
            words += ["--hostfile", hostFile]
        } else {
            // More ranks than processors are slow, not wrong.
            words.append("--oversubscribe")
        }
        // A machine that is gone is noticed in half a minute instead of hours.
        for (name, value) in [("time", "10"), ("intvl", "5"), ("probes", "3")] {
            words += ["--mca", "oob_tcp_keepalive_\(name)", value]
        }
        return words + command
    }

    private static func find(_ name: String, in path: String) -> String? {
        path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
