// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Telemetry

/// The journal's work as Prometheus reads it.
enum JournalPage {
    static func text(_ figures: SubmissionJournal.Figures?) -> String {
        guard let figures else { return "" }
        var page = PrometheusText()
        page.set("mellama_journal_records_total", to: Double(figures.records))
        page.set("mellama_journal_syncs_total", to: Double(figures.synchronizations))
        page.set("mellama_journal_bytes_total", to: Double(figures.bytes))
        return page.text
    }
}
