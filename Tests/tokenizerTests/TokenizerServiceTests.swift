// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import Glibc
import TestSupport
import Testing

@Suite("tokenizer serve joins a stack and leaves it", .timeLimit(.minutes(2)))
struct TokenizerServiceTests {
    static func get(_ port: UInt16, _ path: String) async throws -> (Int, String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    @Test func aWorkerTellsItsHealthAndStopsGracefully() async throws {
        try await RedisFixture.with { redis in
            let port = try LoopbackPort.free()
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
        let port = try LoopbackPort.free()
        let run = try ServiceProcess.run(
            [], environment: ["MELLAMA_REDIS_URL": "redis://127.0.0.1:\(port)", "MELLAMA_START_TIMEOUT": "0.5"])
        #expect(run.status == 1)
        let last = try #require(run.errors.split(separator: "\n").last)
        #expect(last.hasPrefix("tokenizer: Redis is out of reach") && last.contains("MELLAMA_REDIS_URL"))
        #expect(run.errors.contains("Waiting for Redis"))
    }

    @Test func aSignalEndsTheWaitForRedis() async throws {
        let port = try LoopbackPort.free()
        let worker = try ServiceProcess([], environment: ["MELLAMA_REDIS_URL": "redis://127.0.0.1:\(port)"])
        #expect(try await ServiceProcess.wait { worker.said.contains("Waiting for Redis") })
        let start = ContinuousClock.now
        worker.signal(SIGTERM)
        #expect(try worker.finish(closingInput: false).status == 143)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func nothingListeningIsUnhealthy() throws {
        let run = try ServiceProcess.run(["healthcheck", "--admin-port", "\(LoopbackPort.free())"])
        #expect(run.status == 1 && run.errors.hasPrefix("tokenizer: nothing listens on"))
    }

    @Test func aURLWithAPasswordIsNeverPrinted() throws {
        let run = try ServiceProcess.run(
            [], environment: ["MELLAMA_REDIS_URL": "redis://user:hunter2@127.0.0.1:1", "MELLAMA_START_TIMEOUT": "0.2"])
        #expect(run.status == 1 && !run.errors.contains("hunter2"))
    }
}
