// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Two network namespaces with names of their own, joined by a cable: to Open MPI, two machines.
///
/// Only root can make them. They go when the last reference does.
public final class TwoHosts {
    /// The hosts' addresses, the first is where commands start.
    public let addresses = ["10.231.77.1", "10.231.77.2"]
    let folder: URL
    private let names: [String]

    /// Whether this process may make them.
    public static let areOffered: Bool = {
        guard geteuid() == 0, let hosts = try? TwoHosts() else { return false }
        return withExtendedLifetime(hosts) { true }
    }()

    /// Makes them; throws where this process may not.
    public init() throws {
        let mark = UUID().uuidString.prefix(8).lowercased()
        names = ["left", "right"].map { "\($0)-\(mark)" }
        folder = FileManager.default.temporaryDirectory.appending(path: "hosts-\(mark)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Runs a command on the host of an address, as `ssh` would.
        try write(
            "on",
            """
            #!/bin/sh
            case $1 in \(addresses[0])) host=\(names[0]);; *) host=\(names[1]);; esac
            shift
            export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent='\(folder.path)/on' OMPI_MCA_btl=tcp,self
            export OMPI_MCA_btl_tcp_if_include=10.231.77.0/24 OMPI_MCA_oob_tcp_if_include=10.231.77.0/24
            exec ip netns exec "$host" unshare --uts sh -c "hostname $host; exec $*"

            """)
        try write("hosts", addresses.map { "\($0) slots=1\n" }.joined())
        let ends = names.enumerated().map { "m\($0.offset)\(mark)" }
        var commands = names.map { "ip netns add \($0)" }
        commands.append("ip link add \(ends[0]) netns \(names[0]) type veth peer name \(ends[1]) netns \(names[1])")
        for (index, name) in names.enumerated() {
            commands.append("ip -n \(name) addr add \(addresses[index])/24 dev \(ends[index])")
            commands.append("ip -n \(name) link set lo up")
            commands.append("ip -n \(name) link set \(ends[index]) up")
        }
        for command in commands where system("\(command) 2>/dev/null") != 0 {
            remove()
            throw CocoaError(.executableLoad)
        }
    }

    deinit { remove() }

    /// The host file.
    public var hostFile: String { folder.appending(path: "hosts").path }

    /// The words that run a command on the first host.
    public func onFirst(_ command: [String]) -> [String] {
        [folder.appending(path: "on").path, addresses[0]] + command
    }

    /// Pulls the cable.
    public func disconnect() { _ = system("ip -n \(names[1]) link set m1\(names[1].dropFirst(6)) down") }

    private func write(_ name: String, _ text: String) throws {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        chmod(url.path, 0o755)
    }

    private func remove() {
        for name in names { _ = system("ip netns del \(name) 2>/dev/null") }
        try? FileManager.default.removeItem(at: folder)
    }
}
