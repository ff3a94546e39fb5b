// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The paper's figures (Tables 1 to 4), to stand beside ours.
public enum PaperResults {
    /// All of them, in the paper's order.
    public static let figures: [PaperFigure] = {
        let data = Data(PackageResources.paper_results_json)
        guard let file = try? JSONDecoder().decode(File.self, from: data) else {
            preconditionFailure("paper-results.json, compiled into this program, does not decode")
        }
        return file.figures.flatMap { group in
            zip(group.models, group.values).map { model, value in
                PaperFigure(
                    table: group.table, setting: group.setting, dataset: group.dataset, metric: group.metric,
                    model: model, value: value, cited: group.cited.contains(model))
            }
        }
    }()

    /// The figures of a data set by its name in the paper, each once (Tables 1 and 3 share the chat models).
    public static func figures(dataset: String) -> [PaperFigure] {
        var seen: Set<[String]> = []
        return figures.filter { figure in
            figure.dataset == dataset && seen.insert([figure.setting, figure.metric, figure.model]).inserted
        }
    }

    private struct File: Decodable {
        struct Group: Decodable {
            let table: Int
            let setting: String
            let dataset: String
            let metric: String
            let models: [String]
            let values: [Double]
            let cited: [String]
        }

        let figures: [Group]
    }
}
