// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime

/// Who is evaluated.
enum Subject: Sendable {
    case own(ModelUnderTest)
    case remote(RemoteModelUnderTest)

    /// - Parameters:
    ///   - prefix: different for each model of one job.
    ///   - register: the operator's names, which say where remote models are.
    init(
        _ model: ModelReference, adapter: DataReference?, prefix: String = "", _ register: ModelRegister,
        _ context: JobContext
    ) throws {
        if case .remote(let name) = model {
            self = .remote(try RemoteModelUnderTest(name, adapter: adapter, prefix: prefix, register))
        } else {
            self = .own(try ModelUnderTest(model, adapter: adapter, prefix: prefix, context))
        }
    }

    var contextLength: Int {
        switch self {
        case .own(let model): model.contextLength
        case .remote(let model): model.contextLength
        }
    }

    /// Which weights answer, for rows that were asked before.
    func identity(_ context: JobContext) throws -> String {
        switch self {
        case .own(let model): try model.identity(context)
        case .remote(let model): model.identity
        }
    }

    /// The model as a result names it.
    func name() throws -> String {
        switch self {
        case .own(let model): try model.name()
        case .remote(let model):
            if case .remote(let name) = model.model { ModelReference.remotePrefix + name } else { "" }
        }
    }
}
