// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Stops a process that a test started, and removes its folder, should the test's own process end before it does so
/// itself, however it ends: killed, crashed, or stopped by whoever runs the tests.
public final class ProcessGuardian: Sendable {
    /// Waits for the end of its input, which is the end of the tests. Arguments: the process, seconds, the folder.
    private static let script = """
        trap '' INT TERM HUP
        read -r _
        if [ "$1" -gt 0 ]; then
            kill "$0"
            for _ in $(seq "$(($1 * 5))"); do kill -0 "$0" || break; sleep 0.2; done
        fi
        kill -9 "$0"
        sleep 0.5
        rm -rf "$2"
        """

    private let shell: ChildProgram

    /// Guards a process from now on.
    /// - Parameters:
    ///   - grace: for how many seconds it may stop by itself after SIGTERM; at 0 it is killed at once.
    ///   - folder: what it leaves behind.
    public init(of pid: Int32, grace: Int = 0, folder: String) throws {
        shell = try ChildProgram(
            ["/bin/sh", "-c", Self.script, String(pid), String(grace), folder],
            environment: ["PATH": "/usr/bin:/bin"], log: "/dev/null")
    }

    /// Lets the process alone: whoever started it has stopped it.
    public func dismiss() { shell.end() }
}
