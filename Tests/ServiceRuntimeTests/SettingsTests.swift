// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Redis
import ServiceRuntime
import Testing

@Suite("Settings: flags over environment over a file")
struct SettingsTests {
    static func reader(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil,
        moreKeys: [SettingKey] = []
    ) throws -> SettingsReader {
        var path: String?
        if let file {
            let url = FileManager.default.temporaryDirectory.appending(path: "mellama-\(UUID().uuidString).yaml")
            try Data(file.utf8).write(to: url)
            path = url.path
        }
        defer { if let path { try? FileManager.default.removeItem(atPath: path) } }
        return try SettingsReader(
            flags: flags, environment: environment, file: path, keys: SettingKey.everyService + moreKeys)
    }

    @Test func keysHaveThreeSpellings() {
        #expect(SettingKey.redisURL.flag == "redis-url")
        #expect(SettingKey.redisURL.environment == "MELLAMA_REDIS_URL")
        #expect(SettingKey.memoryBudget.environment == "MELLAMA_MEMORY_BUDGET")
        #expect(SettingKey("apiKeysFile").environment == "MELLAMA_API_KEYS_FILE")
        #expect(Set(SettingKey.everyService.map(\.environment)).count == SettingKey.everyService.count)
    }

    @Test func flagsWinOverEnvironmentOverFile() throws {
        let file = "namespace: file\nconcurrency: 3\ndataRoots: [/a, /b]\nadminPort: 9\n"
        let environment = ["MELLAMA_NAMESPACE": "environment", "MELLAMA_CONCURRENCY": "4", "MELLAMA_ADMIN_PORT": ""]
        let settings = try ServiceSettings(
            Self.reader(flags: ["namespace": "flag"], environment: environment, file: file))
        #expect(settings.namespace == "flag")
        #expect(settings.concurrency == 4)
        #expect(settings.dataRoots == ["/a", "/b"])
        // An empty variable is none.
        #expect(settings.adminPort == 9)
        #expect(settings.lease == .seconds(15))
    }

    @Test("Files for TLS without TLS, or a key without its certificate, are a mistake")
    func encryption() throws {
        let key = #expect(throws: SettingsError.self) {
            try ServiceSettings(Self.reader(environment: ["MELLAMA_REDIS_KEY": "/k"]))
        }
        #expect(key?.description.contains("MELLAMA_REDIS_CERTIFICATE") == true)
        var settings = try ServiceSettings(Self.reader(environment: ["MELLAMA_REDIS_CA": "/ca"]))
        let plain = #expect(throws: HostError.self) { try settings.redisConfiguration() }
        #expect(plain?.detail.contains("rediss://") == true)
        settings.redisURL = "rediss://u:p@h"
        #expect(try settings.redisConfiguration().tls == RedisConfiguration.TLS(authorities: "/ca"))
        settings.redisURL = "redes://u:sesame@h"
        let wrong = #expect(throws: HostError.self) { try settings.redisConfiguration() }
        #expect(wrong?.detail.contains("MELLAMA_REDIS_URL") == true && wrong?.detail.contains("sesame") == false)
    }

    @Test func everySettingIsRead() throws {
        let settings = try ServiceSettings(
            Self.reader(environment: [
                "MELLAMA_REDIS_URL": "unix:///run/r", "MELLAMA_DATA_ROOTS": "/a:/b", "MELLAMA_ARTIFACTS": "/art",
                "MELLAMA_ADMIN_HOST": "0.0.0.0", "MELLAMA_LOG_LEVEL": "Debug", "MELLAMA_LOG_FORMAT": "text",
                "MELLAMA_LEASE_SECONDS": "2.5", "MELLAMA_MEMORY_BUDGET": "1.5 GiB", "MELLAMA_START_TIMEOUT": "1",
                "MELLAMA_STOP_TIMEOUT": "2", "MELLAMA_RETENTION_HOURS": "48", "MELLAMA_TEXT_RETENTION_HOURS": "0.5",
                "MELLAMA_REDIS_CA": "/ca", "MELLAMA_REDIS_CERTIFICATE": "/c",
                "MELLAMA_REDIS_KEY": "/k", "MELLAMA_ACCEPT_UNSAFE_REDIS": "1",
                "MELLAMA_HOST_FILE": "/hosts",
            ]))
        #expect(settings.redisCA == "/ca" && settings.redisCertificate == "/c" && settings.redisKey == "/k")
        #expect(settings.acceptsUnsafeRedis && settings.hostFile == "/hosts")
        #expect(settings.redisURL == "unix:///run/r" && settings.artifacts == "/art")
        #expect(settings.dataRoots == ["/a", "/b"] && settings.adminHost == "0.0.0.0")
        #expect(settings.logLevel == .debug && settings.logFormat == .text)
        #expect(settings.lease == .seconds(2.5) && settings.memoryBudget == 1_610_612_736)
        #expect(settings.retention == .seconds(172_800) && settings.textRetention == .seconds(1800))
        #expect(settings.startTimeout == .seconds(1) && settings.stopTimeout == .seconds(2))
    }

    @Test(
        "Errors name the source",
        arguments: [
            (["MELLAMA_CONCURRENCY": "0"], "MELLAMA_CONCURRENCY: must be a whole number from 1 to 1024"),
            (["MELLAMA_LOG_FORMAT": "xml"], "MELLAMA_LOG_FORMAT: must be one of json, text"),
            (["MELLAMA_MEMORY_BUDGET": "much"], "MELLAMA_MEMORY_BUDGET: must be a size such as 8GiB or 512MiB"),
            (["MELLAMA_LEASE_SECONDS": "0.1"], "MELLAMA_LEASE_SECONDS: must be a number from 1.0 to 3600.0"),
            (
                ["MELLAMA_NAMESPACE": "a b"],
                "MELLAMA_NAMESPACE: must be 1 to 64 plain letters, without spaces and braces"
            ),
            (["MELLAMA_CONFIG": "/none.yaml"], "/none.yaml: /none.yaml: no such file or folder"),
        ])
    func errors(environment: [String: String], text: String) throws {
        let error = #expect(throws: SettingsError.self) { try ServiceSettings(Self.reader(environment: environment)) }
        #expect(error?.description == text)
    }

    @Test func filesAreCheckedKeyByKey() throws {
        let misspelt = #expect(throws: SettingsError.self) { try Self.reader(file: "redisUrl: x\n") }
        #expect(misspelt?.code == .unknownKey)
        #expect(misspelt?.detail == #"unknown key "redisUrl"; did you mean "redisURL"?"#)
        for (text, code) in [
            ("- a\n- b\n", SettingsError.Code.malformedFile), ("a: [", .malformedFile),
            ("namespace: {a: b}", .invalidValue),
        ] {
            #expect(#expect(throws: SettingsError.self) { try Self.reader(file: text) }?.code == code)
        }
        // One file may serve the whole stack.
        #expect(try Self.reader(file: "port: 8080\n").string(.namespace) == nil)
        #expect(
            try Self.reader(file: "port: 8080\n", moreKeys: [SettingKey("port")]).string(SettingKey("port")) == "8080")
    }
}
