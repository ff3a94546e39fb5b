// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Messages
import ServiceRuntime
import Testing

@testable import gateway

@Suite("The documents describe the routes that are served, and no others")
struct OpenAPITests {
    static let methods: Set<String> = ["get", "post", "put", "patch", "delete"]

    /// A file of docs/, found from this file's place in the repository.
    static func document(_ name: String, file: String = #filePath) throws -> String {
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "/\(root)/docs/\(name)"))
        return String(decoding: data, as: UTF8.self)
    }

    static func members(_ value: JSONValue?) -> [String: JSONValue] {
        if case .object(let members)? = value { members } else { [:] }
    }

    @Test("openapi.yaml has each route with its operation and scope")
    func routes() async throws {
        let document = try YAMLDocument.parse(try Self.document("openapi.yaml"))
        var described: Set<String> = []
        for (path, item) in Self.members(document["paths"]) {
            for (method, operation) in Self.members(item) where Self.methods.contains(method) {
                let isOpen = operation["security"] == []
                let scope = isOpen ? "open" : operation["x-scope"]?.stringValue ?? "?"
                described.insert("\(method) \(path) \(operation["operationId"]?.stringValue ?? "?") \(scope)")
            }
        }
        let served = try await GatewayFixture.with { fixture in
            Set(
                fixture.gateway.routes.map { route in
                    let scope = if case .scope(let scope) = route.access { scope.rawValue } else { "open" }
                    return "\(route.method.rawValue.lowercased()) \(route.path) \(route.operation) \(scope)"
                })
        }
        #expect(described.subtracting(served) == [], "described, but not served")
        #expect(served.subtracting(described) == [], "served, but not described")
        #expect(served.count >= 20)
    }

    @Test("Every parameter of a path is described, and every reference leads somewhere")
    func references() throws {
        let text = try Self.document("openapi.yaml")
        let document = try YAMLDocument.parse(text)
        for (path, item) in Self.members(document["paths"]) {
            guard path.contains("{") else { continue }
            guard case .array(let parameters)? = item["parameters"] else {
                Issue.record("\(path) describes no parameter")
                continue
            }
            #expect(parameters.count == path.split(separator: "/").filter { $0.hasPrefix("{") }.count, "\(path)")
        }
        var found = 0
        for line in text.split(separator: "\n") {
            for part in line.split(separator: "\"") where part.hasPrefix("#/") {
                var value: JSONValue? = document
                for name in part.dropFirst(2).split(separator: "/") { value = value?[String(name)] }
                #expect(value != nil, "\(part)")
                found += 1
            }
        }
        #expect(found > 60)
    }

    @Test("The states that are described are the states there are")
    func states() throws {
        let document = try YAMLDocument.parse(try Self.document("openapi.yaml"))
        let described = document["components"]?["schemas"]?["JobState"]?["enum"]
        #expect(described == .array(JobState.allCases.map { .string($0.rawValue) }))
    }

    @Test("api.md has each route and each type of problem")
    func page() async throws {
        let page = try Self.document("api.md")
        let routes = try await GatewayFixture.with { $0.gateway.routes }
        for route in routes { #expect(page.contains("`\(route.method.rawValue) \(route.path)`"), "\(route.path)") }
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let problems = try #require(
            FileManager.default.contents(atPath: "/\(folder)/Services/gateway/Problems/Problem+Errors.swift"))
        for line in String(decoding: problems, as: UTF8.self).split(separator: "\n") {
            guard let slug = line.split(separator: "slug = \"").dropFirst().first?.split(separator: "\"").first else {
                continue
            }
            #expect(page.contains("/problems/\(slug)"), "\(slug)")
        }
    }
}
