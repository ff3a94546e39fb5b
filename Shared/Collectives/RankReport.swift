// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What `mpirun` said of a run that failed.
struct RankReport {
    /// The rank that ended first, where it is named.
    let rank: Int?
    /// The machine it ran on.
    let host: String?
    /// What it ended of, such as `signal 9 (Killed)` or `exit code 1`.
    let cause: String?
    /// The first line of a start that did not succeed.
    let complaint: String?

    init(_ text: String) {
        // "mpirun noticed that process rank 1 with PID 4711 on node left exited on signal 9 (Killed)."
        if let match = text.firstMatch(
            of: #/process rank (\d+) with PID \d+ on node (\S+) exited on\s+(signal \d+ \([^)]*\))/#)
        {
            (rank, host, cause) = (Int(match.1), String(match.2), String(match.3))
        } else if let match = text.firstMatch(of: #/Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)/#) {
            (rank, host, cause) = (Int(match.1), nil, "exit code \(match.2)")
        } else {
            (rank, host, cause) = (nil, nil, nil)
        }
        complaint = text.split(separator: "\n").lazy.map { $0.drop { $0 == " " } }
            .first { $0.contains(where: \.isLetter) && !$0.hasPrefix("mpirun: Forwarding") }.map(String.init)
    }

    /// One line for people; the run has so many ranks and `mpirun` ended with `status`.
    func text(ranks: Int, status: Int32) -> String {
        if let rank, let cause {
            let place = host.map { " on \($0)" } ?? ""
            return "rank \(rank) of \(ranks)\(place) ended: \(cause)"
        }
        let end = status < 0 ? "signal \(-status)" : "exit code \(status)"
        return "the \(ranks) ranks ended (mpirun: \(end))" + (complaint.map { ": \($0.prefix(300))" } ?? "")
    }
}
