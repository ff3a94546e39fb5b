// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import HostSupport
import Testing

@testable import Collectives

@Suite(
    "Ranks on two machines, which are two network namespaces here", .timeLimit(.minutes(5)),
    .enabled(if: TwoHosts.areOffered, "network namespaces can't be made: this needs root and iproute2"))
struct TwoHostTests {
    /// Starts ranks of the driver from the first host, one on each.
    private func group(_ hosts: TwoHosts, _ arguments: String...) throws -> RankGroup {
        try RankGroup(
            words: hosts.onFirst([RankTests.driver, "launch", "2", hosts.hostFile] + arguments), ranks: 2)
    }

    @Test("Sums are right over the cable")
    func exchange() throws {
        let hosts = try TwoHosts()
        var lines: [String] = []
        try group(hosts, "exchange").wait(onLine: { lines.append($0) }, onPause: {})
        #expect(lines == ["2 ranks: right"])
    }

    @Test("A rank that is killed on the other machine is named, with the machine as the host file has it")
    func killed() throws {
        let hosts = try TwoHosts()
        let mark = "mark-\(UUID())"
        let group = try group(hosts, "die", "1", mark)
        #expect(throws: CollectiveError.self) { try group.wait(onLine: { _ in }, onPause: {}) }
        #expect(
            group.said.contains("rank 1 of 2 on \(hosts.addresses[1]) ended: signal 9 (Killed)"), "\(group.said)")
        #expect(try RankTests.processesEnd(mark))
    }

    @Test("A cable that is pulled ends the run on both machines")
    func disconnected() throws {
        let hosts = try TwoHosts()
        let mark = "mark-\(UUID())"
        let group = try group(hosts, "loop", mark)
        #expect(throws: CollectiveError.self) {
            try group.wait(onLine: { _ in hosts.disconnect() }, onPause: {})
        }
        #expect(try RankTests.processesEnd(mark))
    }
}
