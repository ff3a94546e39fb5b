// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Redis
import TestSupport
import Testing

@Suite("Servers of tests")
struct RedisFixtureTests {
    @Test("A server goes with the process that started it, though that is killed", .timeLimit(.minutes(5)))
    func killed() async throws {
        let holder = try ServiceProcess([], name: "fixture-holder")
        #expect(try await ServiceProcess.wait { holder.printed.hasSuffix("\n") }, "\(holder.said)")
        let words = holder.printed.split(whereSeparator: \.isWhitespace)
        try #require(words.count == 2)
        let port = try #require(UInt16(words[0]))
        let folder = String(words[1])
        let server = RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: port))
        let connection = try await RedisConnection.connect(to: server)
        await connection.close()

        holder.signal(SIGKILL)
        #expect(try holder.finish().status == -SIGKILL)
        try await eventually {
            guard !FileManager.default.fileExists(atPath: folder) else { return false }
            guard let connection = try? await RedisConnection.connect(to: server) else { return true }
            await connection.close()
            return false
        }
    }
}
