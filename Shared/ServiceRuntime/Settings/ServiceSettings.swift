// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
public import Logging

/// What every service is told when it starts.
public struct ServiceSettings: Sendable {
    public enum LogFormat: String, Sendable, CaseIterable {
        /// One object a line, for machines.
        case json
        /// For a person's terminal.
        case text
    }

    /// `redis://`, `rediss://` or `unix://`. It may hold a password: never log it.
    public var redisURL = "redis://127.0.0.1:6379/0"
    /// The file of the authorities that `rediss://` trusts; nil for the system's.
    public var redisCA: String?
    /// The file of the certificate that `rediss://` shows; nil for none.
    public var redisCertificate: String?
    /// The file of the certificate's key; nil where it is in the certificate's file.
    public var redisKey: String?
    /// Whether to start although Redis may forget jobs by its settings.
    public var acceptsUnsafeRedis = false
    /// The first part of every key, so that stacks can share a server.
    public var namespace = "mellama"
    /// Folders whose files a job may name.
    public var dataRoots: [String] = []
    /// The artifact store's folder, on a volume that all services share.
    public var artifacts: String
    public var adminHost = "127.0.0.1"
    /// Where health and metrics are served; 0 is nowhere.
    public var adminPort = 0
    public var logLevel: Logger.Level = .info
    public var logFormat = LogFormat.json
    /// Jobs at once in this process.
    public var concurrency = 1
    /// A worker that is silent for so long has lost its jobs.
    public var lease: Duration = .seconds(15)
    /// How long ended jobs and runs stay in Redis.
    public var retention: Duration = .seconds(7 * 86_400)
    /// How long payload and result of what succeeded do.
    public var textRetention: Duration = .seconds(86_400)
    /// Bytes that loaded models may take; nil leaves it to the service.
    public var memoryBudget: Int?
    /// The machines of training jobs with several ranks, as an Open MPI host file; nil is this machine alone.
    public var hostFile: String?
    /// The file of names that an operator gave to models; nil is no names.
    public var modelsFile: String?
    /// How long to wait for Redis at start.
    public var startTimeout: Duration = .seconds(60)
    /// How long running jobs have to leave a checkpoint when the service stops.
    public var stopTimeout: Duration = .seconds(20)
    /// Where traces go; nil is nowhere.
    public var otlpEndpoint: CollectorAddress?

    public init() { artifacts = Self.defaultArtifacts }

    /// Reads what was given over the defaults; an error names the source and the key.
    public init(_ reader: SettingsReader) throws(SettingsError) {
        self.init()
        redisURL = reader.string(.redisURL) ?? redisURL
        redisCA = reader.string(.redisCA)
        redisCertificate = reader.string(.redisCertificate)
        redisKey = reader.string(.redisKey)
        if redisKey != nil, redisCertificate == nil {
            throw reader.invalid(.redisKey, "is a key without a certificate; set MELLAMA_REDIS_CERTIFICATE too")
        }
        acceptsUnsafeRedis = try reader.flag(.acceptUnsafeRedis) ?? acceptsUnsafeRedis
        namespace = reader.string(.namespace) ?? namespace
        let isPlain = namespace.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "{") }
        if namespace.isEmpty || namespace.utf8.count > 64 || !isPlain {
            throw reader.invalid(.namespace, "must be 1 to 64 plain letters, without spaces and braces")
        }
        dataRoots = reader.list(.dataRoots) ?? dataRoots
        artifacts = reader.string(.artifacts) ?? artifacts
        adminHost = reader.string(.adminHost) ?? adminHost
        adminPort = try reader.integer(.adminPort, in: 0...65_535) ?? adminPort
        if let level = try reader.word(.logLevel, of: Logger.Level.allCases.map(\.rawValue)) {
            logLevel = Logger.Level(rawValue: level) ?? logLevel
        }
        if let format = try reader.word(.logFormat, of: LogFormat.allCases.map(\.rawValue)) {
            logFormat = LogFormat(rawValue: format) ?? logFormat
        }
        concurrency = try reader.integer(.concurrency, in: 1...1024) ?? concurrency
        lease = try reader.number(.leaseSeconds, in: 1...3600).map { .seconds($0) } ?? lease
        retention = try reader.number(.retentionHours, in: 0.01...87_600).map { .seconds($0 * 3600) } ?? retention
        textRetention =
            try reader.number(.textRetentionHours, in: 0.001...87_600).map { .seconds($0 * 3600) } ?? textRetention
        memoryBudget = try reader.bytes(.memoryBudget)
        hostFile = reader.string(.hostFile)
        modelsFile = reader.string(.modelsFile)
        startTimeout = try reader.number(.startTimeout, in: 0...86_400).map { .seconds($0) } ?? startTimeout
        if let text = reader.string(.otlpEndpoint) {
            guard let address = CollectorAddress(text) else {
                throw reader.invalid(
                    .otlpEndpoint, "must be http://host[:port][/path] of a collector nearby; TLS is not spoken")
            }
            otlpEndpoint = address
        }
        stopTimeout = try reader.number(.stopTimeout, in: 0...86_400).map { .seconds($0) } ?? stopTimeout
    }

    /// `mellama/artifacts` in the user's data folder (XDG Base Directory), else below the current folder.
    private static var defaultArtifacts: String {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        if let data = variable("XDG_DATA_HOME") { return "\(data)/mellama/artifacts" }
        if let home = variable("HOME") { return "\(home)/.local/share/mellama/artifacts" }
        return ".mellama/artifacts"
    }
}
