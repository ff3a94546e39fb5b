// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

extension ServiceDesk {
    /// What is wrong with how a service refuses a job; empty where it does it well: exit 1, one line on stderr that
    /// says all of `expected`, no word of a document anywhere, and nothing left on disk.
    public func faults(
        of service: String, refusing kind: JobKind, _ payload: JSONValue, saying expected: [String],
        keeping secret: String? = nil
    ) throws -> [String] {
        let before = contents()
        let outcome = try run(service, kind, payload)
        var faults: [String] = []
        if outcome.status != 1 { faults.append("exit \(outcome.status)") }
        if outcome.errors.count != 1 { faults.append("\(outcome.errors.count) lines: \(outcome.errors)") }
        for text in expected where outcome.errors.first?.contains(text) != true {
            faults.append("no \"\(text)\" in \(outcome.errors)")
        }
        if let secret, outcome.everything.contains(secret) { faults.append("a document is quoted") }
        let left = contents().symmetricDifference(before)
        if !left.isEmpty { faults.append("left or taken: \(left.sorted())") }
        if outcome.result?.status == .succeeded { faults.append("a result says it succeeded") }
        return faults
    }
}
