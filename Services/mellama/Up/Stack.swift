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
    /// Whether the gateway writes submissions down before Redis gets them.
    var isJournalled = true

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
        var definitions = [
            definition(
                Self.gateway, service: Self.gateway, ["serve", "--host", host, "--port", "\(port)"] + journal)
        ]
        for (service, count) in workers {
            for number in 1...max(1, count) where count > 0 {
                definitions.append(
                    definition(count == 1 ? service : "\(service)-\(number)", service: service, ["serve"]))
            }
        }
        return definitions
    }

    private func definition(_ name: String, service: String, _ arguments: [String]) -> Supervisor.Definition {
        var environment = environment
        environment["MELLAMA_REDIS_URL"] = "unix://\(socket)"
        environment["MELLAMA_ARTIFACTS"] = state.artifacts
        environment["MELLAMA_DATA_ROOTS"] = dataRoots.joined(separator: ":")
        // Health and metrics of workers have no fixed port here; the gateway shows the queue's.
        environment["MELLAMA_ADMIN_PORT"] = "0"
        return Supervisor.Definition(
            name: name, command: ["\(programs)/\(service)"] + arguments, environment: environment,
            log: "\(state.logs)/\(name).log")
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
