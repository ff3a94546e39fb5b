// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The programs of a local stack: a private Redis, the gateway, the workers; each with its command and environment.
struct Stack: Sendable {
    static let redis = "redis"
    static let gateway = "gateway"

    var state: StateFolder
    /// The folder of the executables.
    var programs: String
    var redisProgram: String
    var port: Int
    var host = "127.0.0.1"
    var dataRoots: [String]
    /// How many workers of each kind.
    var workers: [(service: String, count: Int)]
    var environment: [String: String]
    var socket: String
    /// Free ports of 127.0.0.1 for the workers' health and metrics, one each.
    var adminPorts: [Int]
    /// Whether the gateway writes submissions down before Redis gets them.
    var isJournalled = true

    /// A process of the stack.
    private struct Member {
        var name: String
        var service: String
        var adminPort: Int
    }

    private var workerMembers: [Member] {
        let names = workers.flatMap { service, count in
            (1...max(1, count)).filter { _ in count > 0 }.map { (count == 1 ? service : "\(service)-\($0)", service) }
        }
        return zip(names, adminPorts).map { Member(name: $0.0, service: $0.1, adminPort: $1) }
    }

    /// Where each worker's health and metrics are, by name; the gateway has them at its own port.
    var adminPortsByName: [String: Int] {
        Dictionary(workerMembers.map { ($0.name, $0.adminPort) }, uniquingKeysWith: { $1 })
    }

    /// The private Redis: on a unix socket only, append-only file on from the first start, nothing ever evicted.
    /// `appendfsync everysec`: what a killed server loses, the gateway's journal submits again. Without one every write
    /// is synced before it is answered.
    var redisDefinition: Supervisor.Definition {
        Supervisor.Definition(
            name: Self.redis,
            command: [
                redisProgram, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir",
                state.redisFolder, "--daemonize", "no", "--appendonly", "yes", "--appendfsync",
                isJournalled ? "everysec" : "always", "--save", "", "--maxmemory-policy", "noeviction", "--logfile", "",
                "--loglevel", "notice",
            ],
            environment: environment, log: "\(state.logs)/redis.log")
    }

    var serviceDefinitions: [Supervisor.Definition] {
        let journal = isJournalled ? ["--journal", state.journal] : ["--no-journal"]
        let door = Member(name: Self.gateway, service: Self.gateway, adminPort: 0)
        return [definition(door, ["serve", "--host", host, "--port", "\(port)"] + journal)]
            + workerMembers.map { definition($0, ["serve"]) }
    }

    private func definition(_ member: Member, _ arguments: [String]) -> Supervisor.Definition {
        var environment = environment
        environment["MELLAMA_REDIS_URL"] = "unix://\(socket)"
        environment["MELLAMA_ARTIFACTS"] = state.artifacts
        environment["MELLAMA_DATA_ROOTS"] = dataRoots.joined(separator: ":")
        environment["MELLAMA_ADMIN_HOST"] = "127.0.0.1"
        environment["MELLAMA_ADMIN_PORT"] = String(member.adminPort)
        return Supervisor.Definition(
            name: member.name, command: ["\(programs)/\(member.service)"] + arguments, environment: environment,
            log: "\(state.logs)/\(member.name).log")
    }

    /// Checks that every program is there, before anything is started.
    func check() throws(MellamaError) {
        for service in [Self.gateway] + workers.map(\.service) {
            let path = "\(programs)/\(service)"
            guard access(path, X_OK) == 0 else {
                throw MellamaError("\(path): is not there; build it with make build, or name its folder with --bin")
            }
        }
        for root in dataRoots {
            guard LocalFiles.kind(of: root) == .folder else {
                throw MellamaError("\(root): is no folder; check --data-root")
            }
            guard !root.contains(":") else {
                throw MellamaError("\(root): a data root can't have a colon in its name")
            }
        }
    }

    /// A program of `PATH`.
    static func find(_ name: String, environment: [String: String]) -> String? {
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
        return (folders + ["/usr/bin", "/usr/local/bin"]).map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The folder of this program itself.
    static func ownFolder() -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
        guard count > 0 else { return "." }
        let path = String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return LocalPath.parent(of: path)
    }
}
