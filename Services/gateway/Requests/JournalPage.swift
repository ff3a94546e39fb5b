// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs

/// The journal's work as Prometheus reads it.
enum JournalPage {
    static func text(_ figures: SubmissionJournal.Figures?) -> String {
        guard let figures else { return "" }
        let counters = [
            ("records", figures.records), ("syncs", figures.synchronizations), ("bytes", figures.bytes),
        ]
        return counters.reduce("") { text, counter in
            text
                + "# TYPE mellama_journal_\(counter.0)_total counter\nmellama_journal_\(counter.0)_total \(counter.1)\n"
        }
    }
}
