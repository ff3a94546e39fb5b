// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages

/// The runs of the model check: every way in which stages hang together, in a few stages each.
enum ModelRecipe {
    static let count = 7

    /// The recipe of a shape; `body` makes payloads differ.
    static func make(_ shape: Int) -> Recipe {
        func stage(
            _ kind: JobKind = .tokenizeText, _ texts: JSONValue = ["x"], after: [String]? = nil,
            _ onFailure: RecipeStage.OnFailure? = nil, priority: Int? = nil
        ) -> RecipeStage {
            RecipeStage(
                kind: .tokenizeText, payload: ["tokenizer": "t.json", "texts": texts], after: after,
                onFailure: onFailure, priority: priority)
        }
        let stages: [String: RecipeStage] =
            switch shape {
            case 0: ["a": stage(), "b": stage(after: ["a"])]
            case 1: ["a": stage(), "b": stage(.tokenizeText, "${a.ids}")]
            case 2:
                [
                    "a": stage(), "b": stage(.tokenizeText, "${a.ids}"), "c": stage(after: ["a"]),
                    "d": stage(after: ["b", "c"]),
                ]
            case 3: ["a": stage(), "b": stage(after: ["a"], .continue), "c": stage(after: ["b"], .ignore)]
            case 4:
                [
                    "a": stage(priority: 2), "b": stage(), "c": stage(after: ["a", "b"], .continue),
                    "d": stage(.tokenizeText, "${c.ids}", after: ["a"], .ignore),
                ]
            case 5:
                ["a": stage(), "b": stage(.tokenizeText, "${a.ids}", after: nil, .continue), "c": stage(after: ["b"])]
            default: ["a": stage(), "b": stage(), "c": stage()]
            }
        return Recipe(name: "shape-\(shape)", stages: stages)
    }
}
