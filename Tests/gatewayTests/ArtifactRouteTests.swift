// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Messages
import ServiceRuntime
import Testing

@testable import gateway

@Suite("Files go into the store as streams and come back byte by byte")
struct ArtifactRouteTests {
    @Test("An uploaded file is named by its digest and comes back whole", arguments: [0, 1, 70_000, 256 << 10])
    func roundTrip(_ size: Int) async throws {
        try await GatewayFixture.with { fixture in
            let bytes = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
            try await fixture.live { client in
                let upload = try await client.call(uri: "/v1/files", method: .post, body: bytes)
                #expect(upload.status == .created)
                #expect(try upload.json["bytes"] == .integer(Int64(size)))
                let id = try #require(upload.json["id"]?.stringValue)
                #expect(ArtifactID(id).isWellFormed)
                #expect(upload.headers[.location] == "/v1/artifacts/\(id)")
                let back = try await client.call(uri: "/v1/artifacts/\(id)", method: .get)
                #expect(back.status == .ok)
                #expect(back.body == bytes)
                #expect(back.headers[.contentType] == "application/octet-stream")
                #expect(back.headers[.contentLength] == "\(size)")
            }
        }
    }

    @Test("The digest of an empty file is that of no bytes")
    func emptyDigest() async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let upload = try await client.call(uri: "/v1/files", method: .post)
                let known = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                #expect(try upload.json["id"]?.stringValue == known)
            }
        }
    }

    @Test("A file over the limit is a 413 and leaves nothing in the store")
    func tooLarge() async throws {
        try await GatewayFixture.with { fixture in
            let body = ByteBuffer(repeating: 7, count: fixture.limits.uploadBytes + 1)
            let (store, folder) = (fixture.store, fixture.folder)
            try await fixture.live { client in
                let response = try await client.call(uri: "/v1/files", method: .post, body: body)
                #expect(response.status == .contentTooLarge)
            }
            let kept = try await store.list(after: nil, limit: 10)
            #expect(kept.isEmpty)
            let left = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/store/incoming")) ?? []
            #expect(left.isEmpty)
        }
    }

    static let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    static let stated: [(String, String, HTTPResponse.Status)] = [
        (hello, "hello", .created), ("sha256:" + hello, "hello", .created), (hello, "hullo", .unprocessableContent),
        ("abc", "hello", .unprocessableContent),
    ]

    @Test("A digest stated by the client is checked", arguments: stated)
    func statedDigest(_ digest: String, _ text: String, _ status: HTTPResponse.Status) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/files?sha256=\(digest)", method: .post, body: ByteBuffer(string: text))
                #expect(response.status == status)
                #expect((try? response.problem.field) == (status == .created ? nil : "sha256"))
            }
        }
    }

    /// Uploads texts and answers their ids.
    static func upload(_ texts: [String], _ client: any TestClientProtocol) async throws -> [JSONValue] {
        var ids: [JSONValue] = []
        for text in texts {
            let response = try await client.call(uri: "/v1/files", method: .post, body: ByteBuffer(string: text))
            ids.append(try #require(response.json["id"]))
        }
        return ids
    }

    @Test("A folder is made of uploaded files, listed, and read file by file")
    func folders() async throws {
        try await GatewayFixture.with { fixture in
            let folder = fixture.folder
            try await fixture.router { client in
                let ids = try await Self.upload(["{}", "weights", "a b"], client)
                let order: JSONValue = [
                    "files": ["config.json": ids[0], "deep/er/model.safetensors": ids[1], "odd name.txt": ids[2]]
                ]
                let made = try await client.call(uri: "/v1/folders", method: .post, body: order.body)
                #expect(made.status == .created)
                let id = try #require(made.json["id"]?.stringValue)
                let listing = try await client.call(uri: "/v1/artifacts/\(id)", method: .get)
                #expect(
                    try listing.json["files"] == [
                        ["path": "config.json", "size": 2], ["path": "deep/er/model.safetensors", "size": 7],
                        ["path": "odd name.txt", "size": 3],
                    ])
                for (path, text) in [
                    ("config.json", "{}"), ("deep/er/model.safetensors", "weights"), ("odd%20name.txt", "a b"),
                ] {
                    let file = try await client.call(uri: "/v1/artifacts/\(id)/files/\(path)", method: .get)
                    #expect(file.status == .ok)
                    #expect(file.text == text)
                }
                let again = try await client.call(uri: "/v1/folders", method: .post, body: order.body)
                #expect(try again.json["id"]?.stringValue == id)
            }
            // The files themselves stay, and no workspace is left.
            let kept = try await fixture.store.list(after: nil, limit: 10)
            #expect(kept.count == 4)
            let work = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/store/workspaces")) ?? []
            #expect(work.isEmpty)
        }
    }

    @Test(
        "A name that leads out of the folder is refused",
        arguments: ["../a", "/a", "a//b", "a/./b", "a/../../b", "", ".", "..", "a\n", "a/"])
    func badNames(_ name: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let ids = try await Self.upload(["x"], client)
                let order: JSONValue = ["files": .object([name: ids[0]])]
                let response = try await client.call(uri: "/v1/folders", method: .post, body: order.body)
                #expect(response.status == .unprocessableContent)
                #expect(try response.problem.type == "/problems/bad-name")
            }
        }
    }

    @Test("A folder of nothing, of unknown files or of folders is refused")
    func badOrders() async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let ids = try await Self.upload(["x"], client)
                let good: JSONValue = ["files": ["a": ids[0]]]
                let made = try await client.call(uri: "/v1/folders", method: .post, body: good.body)
                let orders: [JSONValue] = [
                    ["files": [:]], ["files": ["a": .string("sha256:" + String(repeating: "0", count: 64))]],
                    ["files": ["a": "../../etc/passwd"]], ["files": ["a": try made.json["id"] ?? .null]],
                    ["file": ["a": ids[0]]], [:],
                ]
                for order in orders {
                    let response = try await client.call(uri: "/v1/folders", method: .post, body: order.body)
                    #expect(response.status == .unprocessableContent)
                }
            }
        }
    }

    @Test("An artifact that is not there is a 404; an id that is none a 422")
    func missing() async throws {
        try await GatewayFixture.with { fixture in
            let id = "sha256:" + String(repeating: "b", count: 64)
            try await fixture.router { client in
                for path in ["/v1/artifacts/\(id)", "/v1/artifacts/\(id)/files/a"] {
                    let response = try await client.call(uri: path, method: .get)
                    #expect(response.status == .notFound)
                }
                for path in ["/v1/artifacts/x", "/v1/artifacts/..%2f..", "/v1/artifacts?after=x"] {
                    let response = try await client.call(uri: path, method: .get)
                    #expect(response.status == .unprocessableContent)
                }
            }
        }
    }

    @Test(
        "A file's path can't lead out of its artifact",
        arguments: ["..%2f..%2fjobs", "%2e%2e/%2e%2e/x", "a%00", "..", "%ff", "%zz"])
    func entryPaths(_ path: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let ids = try await Self.upload(["x"], client)
                let order: JSONValue = ["files": ["a": ids[0]]]
                let made = try await client.call(uri: "/v1/folders", method: .post, body: order.body)
                let id = try #require(made.json["id"]?.stringValue)
                let response = try await client.call(uri: "/v1/artifacts/\(id)/files/\(path)", method: .get)
                #expect([.notFound, .unprocessableContent].contains(response.status))
            }
        }
    }

    @Test("Artifacts are listed in pages")
    func lists() async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let ids = try await Self.upload(["1", "2", "3", "4", "5"], client).compactMap(\.stringValue)
                var seen: [String] = []
                var after = ""
                for _ in 0..<10 {
                    let page = try await client.call(uri: "/v1/artifacts?limit=2\(after)", method: .get)
                    guard case .array(let artifacts)? = try page.json["artifacts"] else { break }
                    seen += artifacts.compactMap { $0["id"]?.stringValue }
                    guard let next = try page.json["next"]?.stringValue else { break }
                    after = "&after=\(next)"
                }
                #expect(seen == ids.sorted())
            }
        }
    }

    @Test("The data roots are told to whoever may read")
    func dataRoots() async throws {
        try await GatewayFixture.with { fixture in
            let root = fixture.gateway.dataRoots.roots[0]
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/data-roots", method: .get)
                #expect(try response.json == ["roots": [.string(root)]])
            }
        }
    }
}
