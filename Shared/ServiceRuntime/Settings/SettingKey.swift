// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A setting's name in its three spellings: `redisURL` in the file, `--redis-url`, and `MELLAMA_REDIS_URL`.
public struct SettingKey: Sendable, Hashable {
    /// As the settings file has it, in camel case.
    public let name: String

    public init(_ name: String) { self.name = name }

    /// Without its two dashes.
    public var flag: String { words.joined(separator: "-") }
    public var environment: String { "MELLAMA_" + words.joined(separator: "_").uppercased() }

    /// `redisURL` is `redis`, `url`.
    private var words: [String] {
        var words: [String] = []
        var wasUpper = true
        for letter in name {
            if letter.isUppercase, !wasUpper { words.append("") }
            if words.isEmpty { words.append("") }
            words[words.count - 1] += letter.lowercased()
            wasUpper = letter.isUppercase
        }
        return words
    }

    public static let redisURL = SettingKey("redisURL")
    public static let redisCA = SettingKey("redisCA")
    public static let redisCertificate = SettingKey("redisCertificate")
    public static let redisKey = SettingKey("redisKey")
    public static let acceptUnsafeRedis = SettingKey("acceptUnsafeRedis")
    public static let namespace = SettingKey("namespace")
    public static let dataRoots = SettingKey("dataRoots")
    public static let artifacts = SettingKey("artifacts")
    public static let adminHost = SettingKey("adminHost")
    public static let adminPort = SettingKey("adminPort")
    public static let logLevel = SettingKey("logLevel")
    public static let logFormat = SettingKey("logFormat")
    public static let concurrency = SettingKey("concurrency")
    public static let leaseSeconds = SettingKey("leaseSeconds")
    public static let retentionHours = SettingKey("retentionHours")
    public static let textRetentionHours = SettingKey("textRetentionHours")
    public static let memoryBudget = SettingKey("memoryBudget")
    public static let hostFile = SettingKey("hostFile")
    public static let modelsFile = SettingKey("modelsFile")
    public static let startTimeout = SettingKey("startTimeout")
    public static let stopTimeout = SettingKey("stopTimeout")
    public static let otlpEndpoint = SettingKey("otlpEndpoint")

    /// What every service takes.
    public static let everyService: [SettingKey] = [
        redisURL, redisCA, redisCertificate, redisKey, acceptUnsafeRedis, namespace, dataRoots, artifacts, adminHost,
        adminPort, logLevel, logFormat, concurrency, leaseSeconds, retentionHours, textRetentionHours, memoryBudget,
        hostFile, modelsFile, startTimeout, stopTimeout, otlpEndpoint,
    ]

    /// What only the gateway takes; a file for the whole stack may hold them.
    public static let gatewayOnly = [
        "host", "port", "apiKeysFile", "insecureOpen", "uploadLimit", "journal", "answerTimeout",
    ].map(SettingKey.init)
}
