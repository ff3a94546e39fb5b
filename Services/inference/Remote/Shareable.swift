// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// A payload that may leave this stack: only one that is not marked `restricted` can be made into one, and nothing else is
/// ever given to a remote model.
struct Shareable<Payload: RestrictedPayload>: Sendable {
    let payload: Payload

    /// Throws `forbidden-data` where the payload is marked.
    init(_ payload: Payload) throws(JobFailure) {
        guard payload.restricted != true else {
            throw JobFailure(
                .forbiddenData, title: "Restricted data may not leave this stack",
                detail: "payload.restricted: the data's licence keeps it here, and the model is a remote one; "
                    + "ask a model of this stack")
        }
        self.payload = payload
    }
}
