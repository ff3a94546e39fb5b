// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Redis

@Suite("A Redis URL is read or refused with a clear error")
struct RedisConfigurationTests {
    @Test("TCP addresses with and without credentials, port and database")
    func tcp() throws {
        let plain = try RedisConfiguration(url: "redis://localhost")
        #expect(plain.endpoint == .tcp(host: "localhost", port: 6379))
        #expect(plain.database == 0)
        #expect(plain.password == nil)

        let full = try RedisConfiguration(url: "redis://worker:p%40ss@w@10.0.0.7:7000/3")
        #expect(full.endpoint == .tcp(host: "10.0.0.7", port: 7000))
        #expect(full.user == "worker")
        #expect(full.password?.value == "p@ss@w")
        #expect(full.database == 3)

        let six = try RedisConfiguration(url: "REDIS://:secret@[::1]:6380")
        #expect(six.endpoint == .tcp(host: "::1", port: 6380))
        #expect(six.user == nil)
        #expect(six.description == "redis://[::1]:6380/0")
    }

    @Test("Unix sockets")
    func unix() throws {
        let socket = try RedisConfiguration(url: "unix:///run/redis/my%20redis.sock?db=2")
        #expect(socket.endpoint == .unix(path: "/run/redis/my redis.sock"))
        #expect(socket.database == 2)
        #expect(try RedisConfiguration(url: "unix://:pw@/s").password?.value == "pw")
    }

    @Test(
        "Bad URLs name the part at fault and never show the URL",
        arguments: [
            ("localhost:6379", "scheme"), ("http://sesame@h", "scheme"), ("redis://", "host"),
            ("redis://:6379", "host"),
            ("redis://u:sesame@h:0", "port"), ("redis://u:sesame@h:65536", "port"), ("redis://u:sesame@h:x", "port"),
            ("redis://h/one", "database"), ("redis://h/-1", "database"), ("redis://sesame@h", "password"),
            ("redis://u:sesame%zz@h", "password"), ("redis://u:%ff@h", "UTF-8"), ("redis://h/0?db=1", "query"),
            ("redis://[::1", "IPv6"), ("unix://relative", "absolute"), ("unix:///s?x=1", "query"),
            ("unix:///" + String(repeating: "x", count: 120), "107"),
        ])
    func refused(url: String, part: String) throws {
        let error = try #require(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.description.contains(part))
        #expect(!error.description.contains("sesame"))
    }

    @Test("rediss:// asks for TLS that trusts the system's authorities")
    func tls() throws {
        let configuration = try RedisConfiguration(url: "rediss://u:p@h:7/1")
        #expect(configuration.tls == RedisConfiguration.TLS())
        #expect(configuration.endpoint == .tcp(host: "h", port: 7))
        #expect(configuration.description == "rediss://h:7/1")
        #expect(try RedisConfiguration(url: "redis://h").tls == nil)
    }

    @Test("A password is in no description")
    func secret() throws {
        let configuration = try RedisConfiguration(url: "redis://u:sesame@h")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped, "\(configuration.password!)"] {
            #expect(!text.contains("sesame"))
        }
    }
}
