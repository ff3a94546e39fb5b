// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime

/// The remote models that the operator has named, each with its own rate.
struct RemoteModels: Sendable {
    private let clients: [String: RemoteClient]

    init(_ register: ModelRegister) {
        var clients: [String: RemoteClient] = [:]
        for (name, entry) in register.models {
            clients[name] = entry.remote.map { RemoteClient($0, name: name) }
        }
        self.clients = clients
    }

    /// Throws `not-found` for a name that stands for no remote model.
    func answers(of name: String) throws(JobFailure) -> RemoteAnswers {
        guard let client = clients[name] else {
            throw JobFailure(
                .notFound, title: "A remote model that is not known",
                detail: "\"remote:\(name.prefix(200))\" is not in the file of MELLAMA_MODELS_FILE where inference runs")
        }
        return RemoteAnswers(client: client)
    }
}
