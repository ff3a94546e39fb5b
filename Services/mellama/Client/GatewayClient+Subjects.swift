// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Messages
import NIOCore
import NIOHTTP1

/// A job or a run that a user names by its id.
enum Subject: Sendable {
    case job(JobSnapshot)
    case run(RunSnapshot)
}

extension GatewayClient {
    /// An id as a part of a path; anything else would be another request.
    static func checked(_ id: String) throws(MellamaError) -> String {
        guard JobID(id).isWellFormed else { throw MellamaError("\"\(id.prefix(60))\" is no id of a job or a run") }
        return id
    }

    func job(_ id: String) async throws -> JobSnapshot {
        try await get("/v1/jobs/\(Self.checked(id))", as: JobSnapshot.self)
    }

    func run(_ id: String) async throws -> RunSnapshot {
        try await get("/v1/runs/\(Self.checked(id))", as: RunSnapshot.self)
    }

    /// The run of this id, else the job.
    func subject(_ id: String) async throws -> Subject {
        do {
            return .run(try await run(id))
        } catch let problem as GatewayProblem where problem.document.status == 404 {
            do {
                return .job(try await job(id))
            } catch let problem as GatewayProblem where problem.document.status == 404 {
                throw MellamaError("\(id): no such run or job; mellama jobs lists them")
            }
        }
    }

    func dataRoots() async throws -> [String] {
        try await get("/v1/data-roots", as: Answers.DataRoots.self).roots
    }

    /// A folder artifact's list of files; nil where the artifact is one file.
    func listing(_ id: ArtifactID) async throws -> Answers.Folder? {
        let response = try await response(request(.GET, "/v1/artifacts/\(id)"), timeout: .minutes(1))
        guard response.headers.first(name: "content-type") == "application/json" else { return nil }
        let body = try await response.body.collect(upTo: Self.maximumAnswer)
        let value = try MessageDecoder.parse(Data(body.readableBytesView))
        return try MessageDecoder(policy: .lenient).decode(Answers.Folder.self, from: value)
    }

    /// The bytes of a file of a folder artifact, or of an artifact that is a file.
    func file(_ id: ArtifactID, path: String? = nil) async throws -> [UInt8] {
        let suffix = path.map { "/files/" + Self.escaped($0) } ?? ""
        return Array(try await bytes(request(.GET, "/v1/artifacts/\(id)\(suffix)"), timeout: .minutes(10)))
    }

    /// Percent-encoding of a path (RFC 3986): everything but unreserved letters and `/`.
    static func escaped(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}
