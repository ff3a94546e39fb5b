// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import Messages
import Testing

@Suite("The state machine is the one that docs/jobs.md shows")
struct JobTransitionTests {
    private static let page: [Substring] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = (try? String(contentsOf: root.appending(path: "docs/jobs.md"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false)
    }()

    private static func step(_ from: (any StringProtocol)?, _ to: any StringProtocol) -> String {
        "\(from.map { "\($0)" } ?? "–") → \(to)"
    }

    private static let steps = Set(JobTransition.all.map { step($0.from?.rawValue, $0.to.rawValue) })

    @Test("Its diagram has every step and no other")
    func diagram() throws {
        let start = try #require(Self.page.firstIndex(of: "stateDiagram-v2"))
        let lines = Self.page[(start + 1)...].prefix { $0 != "```" }
        let pattern = /^ +(\[\*\]|[a-z_]+) --> ([a-z_]+): .+$/
        var drawn: [String] = []
        for line in lines {
            let match = try #require(try pattern.wholeMatch(in: line), "\(line)")
            drawn.append(Self.step(match.1 == "[*]" ? nil : match.1, match.2))
        }
        #expect(Set(drawn) == Self.steps)
        #expect(drawn.count == Self.steps.count)
    }

    @Test("Its table has every step, with the scripts that take it")
    func table() throws {
        let pattern = /^\| (?:`([a-z_]+)`|–) \| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|$/
        let rows = Self.page.compactMap { try? pattern.wholeMatch(in: $0) }
        let written = rows.map { row in
            let scripts = row.3.split(separator: ", ").map { $0.trimmingCharacters(in: ["`", " "]) }
            return Self.step(row.1, row.2) + " by " + scripts.joined(separator: " ")
        }
        let expected = JobTransition.all.map {
            Self.step($0.from?.rawValue, $0.to.rawValue) + " by " + $0.scripts.joined(separator: " ")
        }
        #expect(Set(written) == Set(expected))
        #expect(written.count == expected.count)
    }

    @Test("Every script that it names is there")
    func scripts() {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Shared/Jobs/Scripts")
        for name in Set(JobTransition.all.flatMap(\.scripts)).subtracting(["settle"]) {
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: "\(name).lua").path), "\(name)")
        }
    }

    @Test("Ended jobs leave their state by a retry alone, open ones can always end, and every state is reached")
    func shape() {
        for transition in JobTransition.all where transition.from?.isTerminal == true {
            #expect(transition.scripts == ["retry"])
            #expect(!transition.to.isTerminal)
        }
        for state in JobState.allCases {
            #expect(JobTransition.all.contains { $0.to == state })
            #expect(JobTransition.isAllowed(from: state, to: .cancelled) == !state.isTerminal)
            #expect(JobTransition.isAllowed(from: state, to: .expired) == !state.isTerminal)
            #expect(!JobTransition.isAllowed(from: state, to: state))
        }
        #expect(!JobTransition.isAllowed(from: .succeeded, to: .ready))
        #expect(!JobTransition.isAllowed(from: nil, to: .running))
    }
}
