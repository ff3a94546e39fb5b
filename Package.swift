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

let platformHalf: [Target] = [
    .systemLibrary(name: "CHiredis", path: "Shared/CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "COpenSSL", path: "Shared/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    shared("Messages"),
    shared("Telemetry", [.logging, .metrics]),
    shared("Redis", ["CHiredis", .logging]),
    shared(
        "Jobs", ["Messages", "Redis", .logging, .metrics, .serviceLifecycle],
        resources: [
            .embedInCode("Scripts/boot.lua"),
            .embedInCode("Scripts/cancel.lua"),
            .embedInCode("Scripts/cancel_run.lua"),
            .embedInCode("Scripts/claim.lua"),
            .embedInCode("Scripts/complete.lua"),
            .embedInCode("Scripts/confirm_cancelled.lua"),
            .embedInCode("Scripts/fail.lua"),
            .embedInCode("Scripts/heartbeat.lua"),
            .embedInCode("Scripts/prelude.lua"),
            .embedInCode("Scripts/read_events.lua"),
            .embedInCode("Scripts/read_jobs.lua"),
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
        name: "TestSupport", dependencies: ["Messages", "Redis", "Jobs", "Artifacts", .logging, .serviceLifecycle],
        path: "Tests/TestSupport", swiftSettings: settings),
    tests("Messages"),
    tests("Telemetry", [.logging, .metrics]),
    tests("Redis", ["TestSupport", .logging]),
    tests("Jobs", ["Messages", "Redis", "TestSupport", .logging]),
    tests("Artifacts", ["Messages", "TestSupport"]),
]

let modelHalf: [Target] = [
    .systemLibrary(
        name: "COpenBLAS", path: "Shared/COpenBLAS", pkgConfig: "openblas",
        providers: [.apt(["libopenblas-dev"])]),
    .target(
        name: "CKernels", path: "Shared/CKernels",
        cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]),
    shared("Tensors", ["CKernels", "COpenBLAS"]),
    shared("Tokenization"),
    shared("Corpora", ["Tokenization"], resources: [.embedInCode("Data/instruction-prompts.json")]),
    shared("Llama", ["Tensors"]),
    shared("Checkpoints", ["Llama", "Tensors"]),
    shared("Training", ["Llama", "Tensors", "Checkpoints", "Corpora"]),
    shared("Generation", ["Llama", "Tensors", "Tokenization"]),
    shared(
        "MedicalBenchmark",
        resources: [.embedInCode("Data/evaluation-prompts.json"), .embedInCode("Data/paper-results.json")]),
    .executableTarget(
        name: "training-driver", dependencies: ["Training", "Llama", "Tensors", "Corpora"],
        path: "Tests/TrainingDriver", swiftSettings: settings),
    .target(name: "OracleSupport", path: "Tests/OracleSupport", swiftSettings: settings),
    tests("CKernels"),
    tests("Tensors", ["OracleSupport"]),
    tests("Tokenization", ["OracleSupport"]),
    tests("Corpora", ["Tokenization", "OracleSupport"]),
    tests("Llama", ["Tensors", "Checkpoints", "OracleSupport"]),
    tests("Checkpoints", ["Llama", "Tensors", "OracleSupport"]),
    tests("Training", ["Llama", "Tensors", "Checkpoints", "Corpora", "OracleSupport"]),
    tests("Generation", ["Llama", "Tensors", "Checkpoints", "Tokenization", "OracleSupport"]),
    tests("MedicalBenchmark", ["OracleSupport"]),
]

let services: [Target] = [
    shared(
        "ServiceRuntime",
        [
            "Messages", "Telemetry", "Redis", "Jobs", "Artifacts",
            .argumentParser, .hummingbird, .logging, .metrics, .serviceLifecycle, .yams,
        ]),
    tests("ServiceRuntime", ["Messages", "Jobs", "Artifacts", "TestSupport", .logging]),
    service("gateway", ["ServiceRuntime", "Telemetry", "Jobs", "Artifacts", "COpenSSL", .hummingbird]),
    service("tokenizer", ["ServiceRuntime", "Tokenization", "Corpora"]),
    service("trainer", ["ServiceRuntime", "Training", "Checkpoints", "Corpora", "Llama", "Tensors"]),
    service("inference", ["ServiceRuntime", "Generation", "Checkpoints", "Tokenization", "Llama", "Tensors"]),
    service("evaluator", ["ServiceRuntime", "MedicalBenchmark", "Corpora"]),
    service("mellama", ["ServiceRuntime", .httpClient, .yams]),
    tests(
        "gateway", ["Messages", "ServiceRuntime", "Jobs", "Artifacts", "TestSupport", .hummingbirdTesting, .logging]),
    tests("tokenizer", ["Messages", "ServiceRuntime", "TestSupport"]),
    tests(
        "trainer", ["Messages", "ServiceRuntime", "TestSupport", "OracleSupport", "Checkpoints", "Tensors"]),
    tests("inference", ["Messages", "ServiceRuntime", "TestSupport", "OracleSupport"]),
    tests("evaluator", ["Messages", "ServiceRuntime", "TestSupport", "OracleSupport", "MedicalBenchmark"]),
    tests("mellama", ["Messages", "TestSupport"]),
    .testTarget(name: "ArchitectureTests", path: "Tests/ArchitectureTests", swiftSettings: settings),
    .testTarget(
        name: "IntegrationTests",
        dependencies: ["Messages", "Redis", "Jobs", "Artifacts", "TestSupport", "OracleSupport", .httpClient],
        path: "Tests/IntegrationTests", swiftSettings: settings),
]

// `MELLAMA_HALF=platform` (or `model`) builds one half alone, without the services and what only they need: minutes less
// for whoever works in one half, and for the thread sanitizer's build.
let half = Context.environment["MELLAMA_HALF"]

var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
]
if half == nil {
    dependencies += [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ]
}

let package = Package(
    name: "mellama",
    dependencies: half == "model" ? [] : dependencies,
    targets: half == "platform" ? platformHalf : half == "model" ? modelHalf : platformHalf + modelHalf + services,
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17
)
