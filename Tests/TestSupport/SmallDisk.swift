// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A disk that fills up: a small tmpfs, which only the process started on it sees.
public enum SmallDisk {
    /// Whether this process may make one: root on a system with mount namespaces.
    public static let isOffered: Bool = {
        let run = try? ServiceProcess.run(
            ["--version"], launcher: launcher(folder: "/mnt", kibibytes: 64, listing: "/dev/null"))
        return run?.status == 0
    }()

    /// What starts an executable with a disk of this size at `folder`. Once it has ended, the paths of all files on the
    /// disk stand in `listing`.
    public static func launcher(folder: String, kibibytes: Int, listing: String) -> [String] {
        let script = """
            mount -t tmpfs -o size=\(kibibytes)k none '\(folder)' || exit 99
            "$0" "$@"; status=$?
            find '\(folder)' -type f > '\(listing)'
            exit $status
            """
        return ["unshare", "--mount", "sh", "-c", script]
    }
}
