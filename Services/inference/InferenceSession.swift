// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Generation
import Llama
import Messages
import ServiceRuntime

/// A job's dealings with a model: borrows it, asks its engine, gives it back.
struct InferenceSession: Sendable {
    let loaded: LoadedModel
    /// For whom, with which adapter and until when the engine computes.
    let origin: RequestOrigin<ServedAdapter>

    /// Runs `body` with the model that a payload names; errors say what the asker can mend.
    static func run<Value: Sendable>(
        _ library: ModelLibrary, _ model: ModelReference, adapter: DataReference?, _ context: JobContext,
        _ body: (InferenceSession) async throws -> Value
    ) async throws -> Value {
        let borrowed = try await context.compute {
            try InferenceFailure.describing { try library.borrow(model, adapter: adapter, context) }
        }
        defer { library.giveBack(borrowed) }
        let left = context.deadline.map { Double($0) / 1000 - Date().timeIntervalSince1970 }
        let origin = RequestOrigin(
            tenant: context.tenant, adapter: borrowed.adapter, adapterName: borrowed.adapterName,
            deadline: left.map { ContinuousClock.now + .seconds($0) }, isCancelled: { context.stopReason != nil })
        do {
            let value = try await body(InferenceSession(loaded: borrowed.loaded, origin: origin))
            try context.checkStop()
            return value
        } catch {
            try context.checkStop()
            throw InferenceFailure.described(error)
        }
    }
}
