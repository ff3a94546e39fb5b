// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Messages
import ServiceRuntime
import Tensors

/// The `trainer` executable: token shards to weights.
@main
struct TrainerCommand: ServiceCommand {
    static let service = "trainer"
    static let abstract = "Pre-trains and tunes LLaMA models."

    static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler] {
        Logger(label: service).info(
            "engine", metadata: ["blas": "\(BLAS.description)", "bfloat16": "\(BFloat16Product.description)"])
        return [TrainHandler(hostFile: settings.hostFile), MergeHandler(), ConvertHandler()]
    }

    static var ownCommands: [any ParsableCommand.Type] { [RankCommand.self] }
}
