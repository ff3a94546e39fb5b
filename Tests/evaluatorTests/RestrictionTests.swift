// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("The compiler keeps restricted data from remote models", .timeLimit(.minutes(3)))
struct RestrictionTests {
    /// What is tried, and a word of the compiler's refusal; nil where it takes it, which proves that the rest means
    /// something.
    private static let cases: [(body: String, refusal: String?)] =
        [
            ("_ = try await remote.generate([Shareable(request, of: PubMedQA())], call: \"\")", nil),
            ("_ = try await own.generate([request], call: \"\")", nil),
            ("_ = try await remote.generate([request], call: \"\")", "Shareable"),
            ("let model: any LanguageModel = remote; _ = model", "LanguageModel"),
        ]
        + ["MedNLI", "EmrQA", "I2B2", "MIMICCXR"].map {
            ("_ = try await remote.generate([Shareable(request, of: \($0)())], call: \"\")", "OpenBenchmarkTask")
        }

    /// The modules stand beside the test bundle.
    private static let modules = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "Modules").path

    @Test("An open set's prompt can be given to a remote model; a restricted set's can't be made into what it takes")
    func cases() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "restriction-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (source, log) = (folder.appending(path: "source.swift"), folder.appending(path: "log").path)
        let parameters = "(_ remote: some RemoteLanguageModel, _ own: some LanguageModel, _ request: PromptRequest)"
        let functions = Self.cases.enumerated().map { index, each in
            "func case\(index)\(parameters) async throws { \(each.body) }\n"
        }
        try Data(("@testable import MedicalBenchmark\n" + functions.joined()).utf8).write(to: source)
        let compiler = try ChildProgram(
            ["/usr/bin/env", "swiftc", "-typecheck", "-swift-version", "6", "-I", Self.modules, source.path],
            environment: ProcessInfo.processInfo.environment, log: log)
        try await eventually(within: .seconds(150)) { !compiler.isRunning }
        let said = try String(contentsOfFile: log, encoding: .utf8)
        for (index, each) in Self.cases.enumerated() {
            // The first line is the import.
            let errors = said.split(separator: "\n").filter { $0.contains("source.swift:\(index + 2):") }
                .filter { $0.contains("error:") }
            if let word = each.refusal {
                #expect(errors.contains { $0.contains(word) }, "\(each.body): \(said)")
            } else {
                #expect(errors == [], "\(each.body)")
            }
        }
        #expect(compiler.exitCode == 1)
    }
}
