// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import Messages
import Training

extension TrainingRecipe {
    /// The stage's recipe with what a job says differently, on the adapter that it starts from if it does.
    init(stage: TrainingStage, overrides settings: TrainingSettings, adapter: LoRAConfiguration? = nil) throws {
        // The fields have the same names on both sides: the wire form is the seam.
        let written = try MessageEncoder.encode(settings)
        var overrides = try JSONDecoder().decode(Overrides.self, from: written)
        if let adapter { overrides.start(from: adapter) }
        try self.init(stage: stage, overrides: overrides)
    }
}
