// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Training

extension TrainingRecipe {
    /// The stage's recipe with what a job says differently.
    init(stage: TrainingStage, overrides settings: TrainingSettings) throws {
        // The fields have the same names on both sides: the wire form is the seam.
        let written = try MessageEncoder.encode(settings)
        try self.init(stage: stage, overrides: try JSONDecoder().decode(Overrides.self, from: written))
    }
}
