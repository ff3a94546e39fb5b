// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime

/// A third party's model as the evaluator knows it: by the operator's name for it. `inference` does the asking.
struct RemoteModelUnderTest: Sendable {
    let model: ModelReference
    let contextLength: Int
    /// Which model answers, as far as the operator's file tells: an endpoint may change it unseen.
    let identity: String
    /// Tells two models of one job apart in the names of children; empty where there is one.
    let prefix: String

    init(_ name: String, adapter: DataReference?, prefix: String, _ register: ModelRegister) throws {
        guard let remote = register.models[name]?.remote else {
            throw JobFailure(
                .notFound, title: "A remote model that is not known",
                detail: "payload.model: \"remote:\(name.prefix(200))\" is not in the file of MELLAMA_MODELS_FILE where "
                    + "the evaluator runs")
        }
        guard adapter == nil else {
            throw JobFailure.badInput("payload.adapter: a remote model takes none; leave it out")
        }
        model = .remote(name)
        self.prefix = prefix
        contextLength = remote.contextLength ?? RemoteModel.defaultContextLength
        identity = [
            "remote:\(name)", remote.url, remote.model, remote.route?.rawValue ?? "", remote.choicesBy?.rawValue ?? "",
        ].joined(separator: " ")
    }
}
