// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// The picture that people read and the manifest that the compiler obeys must be the same graph.
@Suite("The arrows of docs/architecture.md are those of Package.swift")
struct ModuleGraphTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private struct Arrow: Hashable, Comparable, CustomStringConvertible {
        var from: String
        var to: String
        var description: String { "\(from) --> \(to)" }
        static func < (a: Arrow, b: Arrow) -> Bool { (a.from, a.to) < (b.from, b.to) }
    }

    private struct Package: Decodable {
        struct Target: Decodable {
            var name: String
            var type: String
            var path: String
            var targetDependencies: [String]?

            enum CodingKeys: String, CodingKey {
                case name, type, path
                case targetDependencies = "target_dependencies"
            }
        }
        var targets: [Target]
    }

    private static func manifest() throws -> Package {
        // Its own scratch folder: the one in use is locked while tests run.
        let scratch = FileManager.default.temporaryDirectory.appending(path: "describe-\(UUID())")
        defer { try? FileManager.default.removeItem(at: scratch) }
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let output = scratch.appending(path: "package.json")
        let command =
            "exec swift package --package-path '\(root.path)' --scratch-path '\(scratch.path)' describe --type json"
            + " > '\(output.path)'"
        try #require(system(command) == 0)
        return try JSONDecoder().decode(Package.self, from: Data(contentsOf: output))
    }

    private static func drawn() throws -> Set<Arrow> {
        let text = try String(contentsOf: root.appending(path: "docs/architecture.md"), encoding: .utf8)
        var arrows: Set<Arrow> = []
        var isInGraph = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") { isInGraph = line == "```mermaid" && !isInGraph }
            guard isInGraph else { continue }
            let sides = line.split(separator: " --> ").map {
                $0.split(separator: "&").map { $0.trimmingCharacters(in: .whitespaces) }
            }
            guard sides.count == 2 else { continue }
            for from in sides[0] { for to in sides[1] { arrows.insert(Arrow(from: from, to: to)) } }
        }
        return arrows
    }

    @Test("equal sets of arrows")
    func equalGraphs() throws {
        let targets = try Self.manifest().targets.filter { $0.type != "test" && !$0.path.hasPrefix("Tests/") }
        let declared = Set(targets.flatMap { t in (t.targetDependencies ?? []).map { Arrow(from: t.name, to: $0) } })
        let drawn = try Self.drawn()
        #expect(!declared.isEmpty)
        #expect(declared.subtracting(drawn).sorted() == [], "in Package.swift, missing from docs/architecture.md")
        #expect(drawn.subtracting(declared).sorted() == [], "in docs/architecture.md, missing from Package.swift")
    }

    @Test("the halves never import each other, and services never import services")
    func halvesStayApart() throws {
        let platform: Set = [
            "Messages", "Telemetry", "Redis", "Jobs", "Artifacts", "ServiceRuntime", "CHiredis", "COpenSSL",
        ]
        let model: Set = [
            "Tensors", "Tokenization", "Corpora", "Llama", "Checkpoints", "Training", "Encoders", "Generation",
            "MedicalBenchmark",
            "CKernels", "COpenBLAS", "Files", "Collectives", "COpenMPI",
        ]
        let targets = try Self.manifest().targets
        let services = Set(targets.filter { $0.type == "executable" }.map(\.name))
        for target in targets where target.type != "test" && !target.path.hasPrefix("Tests/") {
            let imports = Set(target.targetDependencies ?? [])
            #expect(platform.contains(target.name) || model.contains(target.name) || services.contains(target.name))
            if platform.contains(target.name) { #expect(imports.isSubset(of: platform), "\(target.name)") }
            if model.contains(target.name) { #expect(imports.isSubset(of: model), "\(target.name)") }
            #expect(imports.isDisjoint(with: services), "\(target.name)")
        }
    }
}
