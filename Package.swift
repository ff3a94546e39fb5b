// swift-tools-version: 6.2
// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Two halves that never import each other: the platform half moves jobs and knows no tensor, the model half
// computes and knows no queue. Only Services see both. The build refuses any import that is not declared here
// (`--explicit-target-dependency-import-check error`), and docs/architecture.md shows the same arrows, under test.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let yams = product(name: "Yams", package: "Yams")
}

/// A module under `Shared/`.
func shared(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", resources: resources, swiftSettings: settings)
}

/// An executable under `Services/`.
func service(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["Messages", .argumentParser, .logging],
        path: "Services/\(name)", swiftSettings: settings)
}

/// The tests of one module, under `Tests/`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies,
        path: "Tests/\(name)Tests", swiftSettings: settings)
}

/// What the tests of both halves use.
let testing: [Target] = [
    .target(name: "FuzzSupport", path: "Tests/FuzzSupport", swiftSettings: settings),
    .target(name: "HostSupport", path: "Tests/HostSupport", swiftSettings: settings),
    .target(name: "ThreadSanitizerHooks", path: "Tests/ThreadSanitizerHooks"),
    .executableTarget(
        name: "sanitizer-probe", dependencies: ["ThreadSanitizerHooks"], path: "Tests/SanitizerProbe",
        swiftSettings: settings),
]

let platformHalf: [Target] = [
    .systemLibrary(name: "CHiredis", path: "Shared/CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "COpenSSL", path: "Shared/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    shared("Messages"),
    shared("Telemetry", [.logging, .metrics]),
    shared("Redis", ["CHiredis", "COpenSSL", .logging]),
    shared(
        "Jobs", ["Messages", "Redis", "Telemetry", .logging, .metrics, .serviceLifecycle],
        resources: [
            .embedInCode("Scripts/boot.lua"),
            .embedInCode("Scripts/cancel.lua"),
            .embedInCode("Scripts/cancel_run.lua"),
            .embedInCode("Scripts/check.lua"),
            .embedInCode("Scripts/claim.lua"),
            .embedInCode("Scripts/claiming.lua"),
            .embedInCode("Scripts/complete.lua"),
            .embedInCode("Scripts/confirm_cancelled.lua"),
            .embedInCode("Scripts/control.lua"),
            .embedInCode("Scripts/discard.lua"),
            .embedInCode("Scripts/fail.lua"),
            .embedInCode("Scripts/heartbeat.lua"),
            .embedInCode("Scripts/prelude.lua"),
            .embedInCode("Scripts/publish.lua"),
            .embedInCode("Scripts/purge.lua"),
            .embedInCode("Scripts/purge_ended.lua"),
            .embedInCode("Scripts/read_events.lua"),
            .embedInCode("Scripts/read_jobs.lua"),
            .embedInCode("Scripts/read_parts.lua"),
            .embedInCode("Scripts/read_run.lua"),
            .embedInCode("Scripts/read_statistics.lua"),
            .embedInCode("Scripts/reap.lua"),
            .embedInCode("Scripts/release.lua"),
            .embedInCode("Scripts/retry.lua"),
            .embedInCode("Scripts/submit.lua"),
            .embedInCode("Scripts/submit_run.lua"),
        ]),
    shared("Artifacts", ["Messages", "COpenSSL", .logging]),
    .target(
        name: "TestSupport",
        dependencies: ["Messages", "Redis", "Jobs", "Artifacts", "ThreadSanitizerHooks", .logging, .serviceLifecycle],
        path: "Tests/TestSupport", swiftSettings: settings),
    .executableTarget(
        name: "fixture-holder", dependencies: ["TestSupport"], path: "Tests/FixtureHolder", swiftSettings: settings),
    .executableTarget(
        name: "queue-driver",
        dependencies: [
            "Messages", "Telemetry", "Redis", "Jobs", "Artifacts", "FaultInjection", .logging, .serviceLifecycle,
            .unixSignals,
        ],
        path: "Tests/QueueDriver", swiftSettings: settings),
    .target(
        name: "FaultInjection", dependencies: ["Messages", "Jobs"], path: "Tests/FaultInjection",
        swiftSettings: settings),
    .target(name: "TestClock", path: "Tests/TestClock"),
    tests("Messages", ["FuzzSupport"]),
    tests("Telemetry", ["ThreadSanitizerHooks", .logging, .metrics]),
    tests("Redis", ["FuzzSupport", "TestSupport", .logging]),
    tests("Jobs", ["Messages", "Redis", "Telemetry", "TestSupport", .logging]),
    tests("Artifacts", ["Messages", "TestSupport"]),
    .testTarget(
        name: "ReliabilityTests",
        dependencies: ["Messages", "Redis", "Jobs", "Artifacts", "FaultInjection", "TestSupport", .logging],
        path: "Tests/ReliabilityTests", swiftSettings: settings),
]

let modelHalf: [Target] = [
    .systemLibrary(
        name: "COpenBLAS", path: "Shared/COpenBLAS", pkgConfig: "openblas",
        providers: [.apt(["libopenblas-dev"])]),
    .target(
        name: "CKernels", path: "Shared/CKernels",
        cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]),
    .target(name: "COpenMPI", path: "Shared/COpenMPI", linkerSettings: [.linkedLibrary("dl")]),
    shared("Collectives", ["COpenMPI"]),
    shared("Files"),
    shared("Tensors", ["CKernels", "COpenBLAS"]),
    shared("Tokenization", ["Files"]),
    shared("Corpora", ["Files", "Tokenization"], resources: [.embedInCode("Data/instruction-prompts.json")]),
    shared("Llama", ["Tensors"]),
    shared("Checkpoints", ["Files", "Llama", "Tensors", "Tokenization"]),
    shared("Training", ["Files", "Llama", "Tensors", "Checkpoints", "Corpora", "Collectives"]),
    shared("Encoders", ["Files", "Tensors", "Checkpoints"]),
    shared("Generation", ["Llama", "Tensors", "Tokenization"]),
    shared(
        "MedicalBenchmark", ["Files"],
        resources: [.embedInCode("Data/evaluation-prompts.json"), .embedInCode("Data/paper-results.json")]),
    .executableTarget(
        name: "training-driver", dependencies: ["Training", "Collectives", "Llama", "Tensors", "Corpora"],
        path: "Tests/TrainingDriver", swiftSettings: settings),
    .executableTarget(
        name: "inference-driver", dependencies: ["Checkpoints", "Generation", "Llama", "Tensors"],
        path: "Tests/InferenceDriver",
        swiftSettings: settings),
    .executableTarget(
        name: "rank-driver", dependencies: ["Collectives", "Training"], path: "Tests/RankDriver",
        swiftSettings: settings),
    .target(name: "OracleSupport", path: "Tests/OracleSupport", swiftSettings: settings),
    tests("CKernels"),
    tests("Tensors", ["OracleSupport", "ThreadSanitizerHooks"]),
    tests("Collectives", ["HostSupport"]),
    tests("Files"),
    tests("Tokenization", ["Files", "FuzzSupport", "OracleSupport"]),
    tests("Corpora", ["Files", "Tokenization", "OracleSupport"]),
    tests("Llama", ["Tensors", "Checkpoints", "OracleSupport"]),
    tests("Checkpoints", ["Files", "Llama", "Tensors", "Tokenization", "FuzzSupport", "OracleSupport"]),
    tests("Encoders", ["Checkpoints", "Tensors", "FuzzSupport", "OracleSupport"]),
    tests("Training", ["Llama", "Tensors", "Checkpoints", "Collectives", "Corpora", "OracleSupport"]),
    tests(
        "Generation",
        ["Llama", "Tensors", "Checkpoints", "Tokenization", "OracleSupport", "FuzzSupport", "ThreadSanitizerHooks"]),
    tests("MedicalBenchmark", ["FuzzSupport", "OracleSupport"]),
]

let services: [Target] = [
    shared(
        "ServiceRuntime",
        [
            "Messages", "Telemetry", "Redis", "Jobs", "Artifacts",
            .argumentParser, .hummingbird, .logging, .metrics, .serviceLifecycle, .yams,
        ]),
    tests(
        "ServiceRuntime",
        ["Messages", "Redis", "Jobs", "Artifacts", "Telemetry", "FuzzSupport", "TestSupport", .logging]),
    service("gateway", ["ServiceRuntime", "Telemetry", "Jobs", "Artifacts", "COpenSSL", .hummingbird, .metrics]),
    service("tokenizer", ["ServiceRuntime", "Files", "Tokenization", "Corpora", "MedicalBenchmark"]),
    service(
        "trainer",
        ["ServiceRuntime", "Files", "Training", "Collectives", "Checkpoints", "Corpora", "Llama", "Tensors"]),
    service(
        "inference",
        [
            "ServiceRuntime", "Files", "Generation", "Encoders", "Checkpoints", "Tokenization", "Llama", "Tensors",
            .httpClient, .metrics,
        ]),
    service("evaluator", ["ServiceRuntime", "Files", "MedicalBenchmark", "Corpora", "Checkpoints", "Tensors"]),
    service("mellama", ["ServiceRuntime", "Training", "Checkpoints", "Corpora", "Llama", .httpClient, .yams]),
    tests(
        "gateway",
        [
            "Messages", "ServiceRuntime", "Telemetry", "Jobs", "Artifacts", "TestSupport", .hummingbirdTesting,
            .logging,
        ]),
    tests("tokenizer", ["Messages", "ServiceRuntime", "TestSupport"]),
    tests(
        "trainer",
        ["Messages", "ServiceRuntime", "TestSupport", "HostSupport", "OracleSupport", "Checkpoints", "Tensors"]),
    tests("inference", ["Messages", "ServiceRuntime", "TestSupport", "OracleSupport", "Checkpoints", "Tensors"]),
    tests("evaluator", ["Messages", "ServiceRuntime", "TestSupport", "OracleSupport", "MedicalBenchmark"]),
    tests("mellama", ["Messages", "TestSupport", .argumentParser]),
    .testTarget(name: "ArchitectureTests", path: "Tests/ArchitectureTests", swiftSettings: settings),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "Messages", "Telemetry", "Redis", "Jobs", "Artifacts", "TestSupport", "OracleSupport", .httpClient,
        ],
        path: "Tests/IntegrationTests", swiftSettings: settings),
]

// `MELLAMA_HALF=platform` (or `model`) builds one half alone, without the services and what only they need: minutes less
// for whoever works in one half, and for the sanitizers' builds.
// `MELLAMA_MODULES=Tokenization,Files` builds those modules of either half with their tests, and what these need.
let half = Context.environment["MELLAMA_HALF"]
let modules = Context.environment["MELLAMA_MODULES"]?.split(separator: ",").map(String.init)
let halves = ["platform": platformHalf, "model": modelHalf]

/// What tests start as a process or preload into one, by their target.
let startedByTests = [
    "TestSupport": ["TestClock", "fixture-holder"],
    "ReliabilityTests": ["queue-driver"],
    "CollectivesTests": ["rank-driver"],
    "TrainingTests": ["rank-driver"],
]

/// The names of this package's targets that a target needs.
func needs(of target: Target) -> [String] {
    target.dependencies.compactMap { dependency in
        switch dependency {
        case .targetItem(let name, _), .byNameItem(let name, _): name
        default: nil
        }
    } + startedByTests[target.name, default: []]
}

/// Modules with their tests, and all that these need.
func closure(of modules: [String], in targets: [Target]) -> [Target] {
    var wanted: Set<String> = []
    var next = modules + modules.map { "\($0)Tests" }
    while let name = next.popLast() {
        guard wanted.insert(name).inserted, let target = targets.first(where: { $0.name == name }) else { continue }
        next += needs(of: target)
    }
    return targets.filter { wanted.contains($0.name) }
}

let built =
    modules.map { closure(of: $0, in: testing + platformHalf + modelHalf) }
    ?? testing + (half.flatMap { halves[$0] } ?? platformHalf + modelHalf + services)
let isModelHalf = !built.contains { $0.name == "Messages" }

var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
]
if half == nil && modules == nil {
    dependencies += [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ]
}

// Preloaded into servers under test; nothing links it.
let testClock = Product.library(name: "TestClock", type: .dynamic, targets: ["TestClock"])

let package = Package(
    name: "mellama",
    products: built.contains { $0.name == "TestClock" } ? [testClock] : [],
    dependencies: isModelHalf ? [] : dependencies,
    targets: built,
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17
)
