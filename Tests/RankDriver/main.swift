// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// One rank of a run, for tests: `exchange` checks the collectives, `loop` exchanges until it is stopped, `die R` has rank
// R killed, `train PLAN` trains as the trainer's ranks do, `launch` starts ranks of any of these.

import Collectives
import Foundation
import Training

let words = Array(CommandLine.arguments.dropFirst())
do {
    switch words.first {
    case "exchange":
        try ExchangeCheck(collective: MPICollective()).run()
    case "loop", "die":
        let collective = try MPICollective()
        RankConnection.watch(rank: collective.rank)
        try ExchangeCheck(collective: collective).loop(dying: words.count > 1 ? Int(words[1]) : nil)
    case "launch":
        // As the trainer does, from a process of its own: `launch RANKS HOSTFILE ARGUMENT…`.
        let launch = RankLaunch(
            ranks: Int(words[1]) ?? 1, hostFile: words[2], command: [CommandLine.arguments[0]] + words.dropFirst(3))
        try RankGroup(launch).wait(onLine: { RankConnection.tell($0) }, onPause: {})
    case "train":
        try RankProcess.run(planPath: words.count > 1 ? words[1] : "")
    default:
        throw CollectiveError(.notStarted, "usage: rank-driver exchange | loop | die RANK | train PLAN | launch …")
    }
} catch {
    FileHandle.standardError.write(Data("rank-driver: \(error)\n".utf8))
    exit(1)
}
