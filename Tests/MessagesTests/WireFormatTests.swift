// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite("The wire format stays as the golden files have it")
struct WireFormatTests {
    @Test("A message of every kind", arguments: Golden.payloads.map { $0.0 })
    func messages(kind: JobKind) throws {
        let payload = try #require(Golden.payloads.first { $0.0 == kind }).1
        try check(kind, payload)
    }

    private func check<Payload: JobPayload & Hashable>(_ kind: JobKind, _ payload: Payload) throws {
        let message = try JobMessage(kind, payload)
        try Golden("message.\(kind)", message).check()
        #expect(try message.decode(Payload.self) == payload)
        if kind != .evaluateForgetting { try message.validate(allowsStageReferences: true) }
    }

    @Test func everyServedKindHasAGolden() {
        #expect(Set(Golden.payloads.map(\.0)) == Set(JobKind.payloadTypes.keys))
    }

    @Test("An output of every kind", arguments: Golden.outputs)
    func outputs(golden: Golden) throws { try golden.check() }

    @Test("Everything else", arguments: Golden.values)
    func values(golden: Golden) throws { try golden.check() }

    @Test func everyStateHasItsName() {
        #expect(
            JobState.allCases.map(\.rawValue) == [
                "waiting", "ready", "delayed", "parked", "running", "succeeded", "failed", "dead", "cancelled",
                "expired", "upstream_failed",
            ])
    }

    @Test("The fields that recipes may name are the fields of the output", arguments: Golden.payloads.map { $0.0 })
    func outputFields(kind: JobKind) throws {
        let fields = try #require(JobKind.payloadTypes[kind]).outputFields
        let name =
            switch kind {
            case .trainPretrain, .trainTune, .trainSupervised: "output.train"
            case .modelImport, .modelQuantize, .modelExport: "output.model.convert"
            case .evaluatePredictions: "output.evaluate.task"
            default: "output.\(kind)"
            }
        guard case .object(let members) = try Golden.json(name) else {
            Issue.record("\(name) is no object")
            return
        }
        #expect(Set(fields) == Set(members.keys))
    }
}
