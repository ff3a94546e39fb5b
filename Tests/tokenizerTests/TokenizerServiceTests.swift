// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import Glibc
import TestSupport
import Testing

@Suite("tokenizer serve joins a stack and leaves it", .timeLimit(.minutes(2)))
struct TokenizerServiceTests {
    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 ? getsockname(socket, pointer, &length) : -1
            }
        }
        try #require(status == 0)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func get(_ port: Int, _ path: String) async throws -> (Int, String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    @Test func aWorkerTellsItsHealthAndStopsGracefully() async throws {
        try await RedisFixture.with { redis in
            let port = try Self.freePort()
            let environment = ["MELLAMA_REDIS_URL": redis.url, "MELLAMA_ADMIN_PORT": "\(port)"]
            let worker = try ServiceProcess([], environment: environment)
            let isHealthy = try await ServiceProcess.wait {
                try ServiceProcess.run(["healthcheck"], environment: environment).status == 0
            }
            #expect(isHealthy, "\(worker.said)")
            let ready = try await Self.get(port, "/readyz")
            #expect(ready.0 == 200)
            let metrics = try await Self.get(port, "/metrics")
            #expect(metrics.0 == 200 && metrics.1.contains("# TYPE "))
            // Redis goes: the process stays healthy, and is not ready.
            redis.kill()
            let away = try await Self.get(port, "/readyz")
            #expect(away.0 == 503)
            #expect(try await Self.get(port, "/healthz").0 == 200)
            try await redis.start()
            worker.signal(SIGTERM)
            let run = try worker.finish(closingInput: false)
            #expect(run.status == 143, "\(run.errors)")
            #expect(run.errors.contains(#""message":"Serving""#))
        }
    }

    @Test func noRedisIsOneClearErrorAfterAWhile() throws {
        let port = try Self.freePort()
        let run = try ServiceProcess.run(
            [], environment: ["MELLAMA_REDIS_URL": "redis://127.0.0.1:\(port)", "MELLAMA_START_TIMEOUT": "0.5"])
        #expect(run.status == 1)
        let last = try #require(run.errors.split(separator: "\n").last)
        #expect(last.hasPrefix("tokenizer: Redis is out of reach") && last.contains("MELLAMA_REDIS_URL"))
        #expect(run.errors.contains("Waiting for Redis"))
    }

    @Test func aSignalEndsTheWaitForRedis() async throws {
        let worker = try ServiceProcess([], environment: ["MELLAMA_REDIS_URL": "redis://127.0.0.1:\(Self.freePort())"])
        #expect(try await ServiceProcess.wait { worker.said.contains("Waiting for Redis") })
        let start = ContinuousClock.now
        worker.signal(SIGTERM)
        #expect(try worker.finish(closingInput: false).status == 143)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func nothingListeningIsUnhealthy() throws {
        let run = try ServiceProcess.run(["healthcheck", "--admin-port", "\(Self.freePort())"])
        #expect(run.status == 1 && run.errors.hasPrefix("tokenizer: nothing listens on"))
    }

    @Test func aURLWithAPasswordIsNeverPrinted() throws {
        let run = try ServiceProcess.run(
            [], environment: ["MELLAMA_REDIS_URL": "redis://user:hunter2@127.0.0.1:1", "MELLAMA_START_TIMEOUT": "0.2"])
        #expect(run.status == 1 && !run.errors.contains("hunter2"))
    }
}
