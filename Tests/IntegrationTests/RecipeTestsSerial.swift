// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// The recipe that is there to be tried first.
@Suite("mellama run smoke.yaml, from the command line to the report")
struct RecipeTestsSerial {
    @Test("Its data lies below a data root, or is uploaded first", arguments: [true, false])
    func smoke(isDataRoot: Bool) async throws {
        try await StackFixture.with(dataRoots: isDataRoot ? [StackFixture.recipes] : []) { stack in
            let command = try await CommandRun.mellama(
                ["run", "\(StackFixture.recipes)/smoke.yaml", "--watch", "--gateway", stack.gateway.url],
                folder: stack.folder)
            #expect(command.exitCode == 0, "\(command.printed)")
            #expect(command.printed.contains("Held-out perplexity by domain"))
            #expect(command.printed.contains("majority class"))
            struct Page: Codable { var runs: [RunSnapshot] }
            let runs = try await stack.gateway.get("/v1/runs").decode(Page.self).runs
            #expect(runs.map(\.state) == [.succeeded])
            if isDataRoot, let run = runs.first { try await stack.expectPublishedOnce(run) }
        }
    }
}
