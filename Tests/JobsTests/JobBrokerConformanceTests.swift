// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import TestSupport
import Testing

@Suite("Both brokers keep the same promises")
struct JobBrokerConformanceTests {
    @Test("in memory", arguments: JobBrokerConformance.cases)
    func inMemory(example: JobBrokerConformance.Case) async throws {
        try await example.check(.inMemory())
    }

    @Test("on Redis", arguments: JobBrokerConformance.cases)
    func onRedis(example: JobBrokerConformance.Case) async throws {
        try await RedisFixture.with { redis in
            try await example.check(.redis(redis))
        }
    }

    @Test("in memory, texts kept for a short time", arguments: JobBrokerConformance.retention)
    func retentionInMemory(example: JobBrokerConformance.Case) async throws {
        try await example.check(.inMemory(textRetention: longDelay))
    }

    @Test("on Redis, texts kept for a short time", arguments: JobBrokerConformance.retention)
    func retentionOnRedis(example: JobBrokerConformance.Case) async throws {
        try await RedisFixture.with { redis in
            try await example.check(.redis(redis, textRetention: longDelay))
        }
    }

    @Test("on Redis over TLS", .serialized, arguments: JobBrokerConformance.cases)
    func overTLS(example: JobBrokerConformance.Case) async throws {
        try await RedisFixture.withTLS { redis, _ in
            try await example.check(.redis(redis))
        }
    }
}
