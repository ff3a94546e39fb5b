// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
import FoundationEssentials

/// The flags that every service takes; each is also an environment variable and a key of the settings file.
public struct ServiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Settings as YAML (MELLAMA_CONFIG).", valueName: "file"))
    public var config: String?
    @Option(help: ArgumentHelp("redis://, rediss:// or unix:// (MELLAMA_REDIS_URL).", valueName: "url"))
    public var redisURL: String?
    @Option(help: ArgumentHelp("Authorities to trust with rediss://, as PEM (MELLAMA_REDIS_CA).", valueName: "file"))
    public var redisCA: String?
    @Option(help: ArgumentHelp("Certificate to show with rediss:// (MELLAMA_REDIS_CERTIFICATE).", valueName: "file"))
    public var redisCertificate: String?
    @Option(help: ArgumentHelp("Its key, if in a file of its own (MELLAMA_REDIS_KEY).", valueName: "file"))
    public var redisKey: String?
    @Flag(help: "Start even if Redis may forget jobs by its settings (MELLAMA_ACCEPT_UNSAFE_REDIS).")
    public var acceptUnsafeRedis = false
    @Option(help: ArgumentHelp("First part of every Redis key (MELLAMA_NAMESPACE; mellama).", valueName: "name"))
    public var namespace: String?
    @Option(help: ArgumentHelp("Folders whose files jobs may name (MELLAMA_DATA_ROOTS).", valueName: "a:b"))
    public var dataRoots: String?
    @Option(help: ArgumentHelp("The artifact store's folder (MELLAMA_ARTIFACTS).", valueName: "folder"))
    public var artifacts: String?
    @Option(help: ArgumentHelp("Where health and metrics listen (MELLAMA_ADMIN_HOST).", valueName: "host"))
    public var adminHost: String?
    @Option(help: ArgumentHelp("Port of health and metrics, 0 is off (MELLAMA_ADMIN_PORT).", valueName: "port"))
    public var adminPort: String?
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error (MELLAMA_LOG_LEVEL).", valueName: "level"))
    public var logLevel: String?
    @Option(help: ArgumentHelp("json or text (MELLAMA_LOG_FORMAT).", valueName: "format"))
    public var logFormat: String?
    @Option(help: ArgumentHelp("Jobs at once (MELLAMA_CONCURRENCY; inference 16, others 1).", valueName: "n"))
    public var concurrency: String?
    @Option(help: ArgumentHelp("A worker silent so long loses its jobs (MELLAMA_LEASE_SECONDS).", valueName: "s"))
    public var leaseSeconds: String?
    @Option(help: ArgumentHelp("How long ended jobs stay in Redis (MELLAMA_RETENTION_HOURS; 168).", valueName: "h"))
    public var retentionHours: String?
    @Option(
        help: ArgumentHelp(
            "How long payload and result of what succeeded do (MELLAMA_TEXT_RETENTION_HOURS; 24).", valueName: "h"))
    public var textRetentionHours: String?
    @Option(help: ArgumentHelp("Memory for loaded models, as 8GiB (MELLAMA_MEMORY_BUDGET).", valueName: "size"))
    public var memoryBudget: String?
    @Option(help: ArgumentHelp("Open MPI host file of training by ranks (MELLAMA_HOST_FILE).", valueName: "file"))
    public var hostFile: String?
    @Option(help: ArgumentHelp("Names of models, as YAML (MELLAMA_MODELS_FILE).", valueName: "file"))
    public var modelsFile: String?
    @Option(help: ArgumentHelp("How long to wait for Redis at start (MELLAMA_START_TIMEOUT).", valueName: "s"))
    public var startTimeout: String?
    @Option(help: ArgumentHelp("How long jobs have to leave a checkpoint (MELLAMA_STOP_TIMEOUT).", valueName: "s"))
    public var stopTimeout: String?
    @Option(help: ArgumentHelp("http://host:4318 of a collector of traces (MELLAMA_OTLP_ENDPOINT).", valueName: "url"))
    public var otlpEndpoint: String?

    public init() {}

    /// What was given, by flag.
    public var flags: [String: String] {
        let given: [(SettingKey, String?)] = [
            (.redisURL, redisURL), (.redisCA, redisCA), (.redisCertificate, redisCertificate), (.redisKey, redisKey),
            (.acceptUnsafeRedis, acceptUnsafeRedis ? "true" : nil),
            (.namespace, namespace), (.dataRoots, dataRoots), (.artifacts, artifacts),
            (.adminHost, adminHost), (.adminPort, adminPort), (.logLevel, logLevel), (.logFormat, logFormat),
            (.concurrency, concurrency), (.leaseSeconds, leaseSeconds),
            (.retentionHours, retentionHours), (.textRetentionHours, textRetentionHours), (.memoryBudget, memoryBudget),
            (.hostFile, hostFile), (.modelsFile, modelsFile), (.startTimeout, startTimeout),
            (.stopTimeout, stopTimeout),
            (.otlpEndpoint, otlpEndpoint),
        ]
        return Dictionary(given.compactMap { key, text in text.map { (key.flag, $0) } }, uniquingKeysWith: { $1 })
    }

    /// A reader of these flags over the process's environment over the file.
    ///
    /// - Parameters:
    ///   - moreFlags: flags of the service's own, by name without dashes.
    ///   - moreKeys: keys of the service's own.
    public func reader(
        moreFlags: [String: String] = [:], moreKeys: [SettingKey] = []
    ) throws(SettingsError) -> SettingsReader {
        try SettingsReader(
            flags: flags.merging(moreFlags) { $1 }, environment: ProcessInfo.processInfo.environment, file: config,
            keys: SettingKey.everyService + moreKeys)
    }

    public func settings() throws(SettingsError) -> ServiceSettings { try ServiceSettings(reader()) }
}
