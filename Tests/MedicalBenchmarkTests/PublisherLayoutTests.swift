// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("Every data set is read in its publisher's layout")
struct PublisherLayoutTests {
    /// The items of a task in a folder of made-up files.
    private func items(
        _ task: any BenchmarkTask, split: String? = nil, _ files: [String: String]
    ) throws -> [BenchmarkItem] {
        try BenchmarkFixtures.withFolder(files) { try task.read($0, split: split).items }
    }

    @Test("EmrQA: notes by lines, paraphrases, evidence where there is no answer text; and the SQuAD form")
    func emrQA() throws {
        let own = """
            {"data": [{"title": "medication", "paragraphs": [{"note_id": "7", "context": ["Made-up note.\\n",
             "Metformin 500 mg daily."], "qas": [
              {"id": [["a", "b"], "c"], "question": ["What is the dose?", "How much?"],
               "answers": [{"text": "", "evidence": "Metformin 500 mg daily.", "evidence_start": 2}]},
              {"question": ["Nobody answered"], "answers": []}]}]}]}
            """
        let squad = """
            {"data": [{"title": "relations", "paragraphs": [{"context": "Aspirin was stopped.", "qas": [
              {"id": "r1", "question": "Which drug?", "answers": [{"text": "Aspirin", "answer_start": 0},
               {"text": "Aspirin was stopped"}]}]}]}]}
            """
        let notes = try items(EmrQA(), ["test.json": own])
        #expect(notes.map(\.id) == ["medication/0/0"] && notes[0].question == "What is the dose?")
        #expect(notes[0].context == "Made-up note.\n\nMetformin 500 mg daily.")
        #expect(notes[0].accepted == ["Metformin 500 mg daily."])
        let forms = try items(EmrQA(), ["test.json": squad])
        #expect(forms.map(\.id) == ["r1"] && forms[0].accepted == ["Aspirin", "Aspirin was stopped"])
    }

    @Test("2012 i2b2: the challenge's XML, a line a sentence, offsets from 0 or 1")
    func i2b2() throws {
        func note(_ text: String, shift: Int) -> String {
            """
            <?xml version="1.0" encoding="UTF-8" ?>
            <ClinicalNarrativeTemporalAnnotation>
            <TEXT><![CDATA[\(text)]]></TEXT>
            <TAGS>
            <EVENT id="E0" start="\(17 + shift)" end="\(27 + shift)" text="chest pain" modality="FACTUAL" type="PROBLEM" />
            <EVENT id="E1" start="\(5 + shift)" end="\(13 + shift)" text="admitted" type="OCCURRENCE" />
            <EVENT id="E2" start="\(33 + shift)" end="\(35 + shift)" text="CT" polarity="POS" type="TEST" />
            <TIMEX3 id="T0" start="40" end="45" text="x" type="DATE" val="" mod="NA" /><TLINK id="L" />
            </TAGS>
            </ClinicalNarrativeTemporalAnnotation>
            """
        }
        let text = "\nHe admitted for chest pain .\n\nA CT was made & read .\n"
        let found = try items(I2B2(), ["1.xml": note(text, shift: 0)])
        let marked = [
            "He admitted for <span class=\"problem\">chest pain</span> .",
            "A <span class=\"test\">CT</span> was made & read .",
        ]
        #expect(found.map(\.id) == ["1/2", "1/4"] && found.map(\.gold) == marked)
        #expect(found.map(\.question) == ["He admitted for chest pain .", "A CT was made & read ."])
        #expect(found[0].labels == ["problem", "treatment", "test"])
        let shifted = try items(I2B2(), ["2.xml": note(String(text.dropFirst()), shift: 0)])
        #expect(shifted.map(\.gold) == marked)
        let error = BenchmarkFixtures.error { _ = try items(I2B2(), ["3.xml": note(text, shift: 9)]) }
        #expect(error?.subject.contains("3.xml, line 10") == true || error?.code == .malformedRecord)
    }

    @Test("2012 i2b2: the HTML form")
    func markup() throws {
        let table = """
            unprocessed,processed
            "Prompt
            ### Input Text: No fever .","No <span class=""problem"">fever</span> . "

            """
        let found = try items(I2B2(), ["test.csv": table])
        #expect(found[0].question == "No fever ." && found[0].gold == "No <span class=\"problem\">fever</span> .")
    }

    @Test("2013 DDI: BLUE's TSV, and the corpus's XML with both drugs masked")
    func ddi() throws {
        let table = "index\tsentence\tlabel\nd1.s0.p0\t@DRUG$ with \"@DRUG$\".\tDDI-advise\n"
        let rows = try items(DDI2013(), ["test.tsv": table])
        #expect(
            rows.map(\.id) == ["d1.s0.p0"] && rows[0].gold == "DDI-advise" && rows[0].question.contains("\"@DRUG$\""))
        let corpus = """
            <?xml version="1.0" encoding="UTF-8"?>
            <document id="d2"><sentence id="d2.s0" text="Aspirin &amp; oral or nasal warfarin may interact.">
            <entity id="e0" charOffset="0-6" type="drug" text="Aspirin"/>
            <entity id="e1" charOffset="10-13;24-31" type="group" text="oral warfarin"/>
            <entity id="e2" charOffset="18-31" type="group" text="nasal warfarin"/>
            <pair id="d2.s0.p0" e1="e0" e2="e1" ddi="true" type="int"/>
            <pair id="d2.s0.p1" e1="e0" e2="e2" ddi="false"/>
            </sentence><sentence id="d2.s1" text="Nothing."/></document>
            """
        let pairs = try items(DDI2013(), ["Test/DrugBank/a.xml": corpus, "Train/b.xml": "<document/>"])
        #expect(pairs.map(\.id) == ["d2.s0.p0", "d2.s0.p1"] && pairs.map(\.gold) == ["DDI-int", "DDI-false"])
        #expect(
            pairs.map(\.question) == [
                "@DRUG$ & @DRUG$ or nasal  may interact.", "@DRUG$ & oral or @DRUG$ may interact.",
            ])
        let lost = corpus.replacing("e1=\"e0\" e2=\"e2\"", with: "e1=\"e9\" e2=\"e2\"")
        #expect(BenchmarkFixtures.error { _ = try items(DDI2013(), ["a.xml": lost]) }?.code == .malformedRecord)
    }

    @Test("HoC: labels joined by semicolons, or none")
    func hoc() throws {
        let table = "pmid\ttext\tlabels\n1\tCells.\tcellular energetics;resisting cell death\n2\tMice.\t\n"
        let found = try items(HoC(), ["test.tsv": table])
        #expect(found[0].accepted == ["cellular energetics", "resisting cell death"] && found[1].accepted.isEmpty)
        let wrong = table.replacing("cellular energetics", with: "energetics")
        #expect(
            BenchmarkFixtures.error { _ = try items(HoC(), ["test.tsv": wrong]) }?.subject.contains("labels") == true)
    }

    @Test("MTSamples: the one CSV, a leading space before the speciality, empty transcriptions passed over")
    func mtSamples() throws {
        let table = """
            ,description,medical_specialty,sample_name,transcription,keywords
            0,"A, b", Neurosurgery, x ,"HISTORY:, A made-up
            patient.","k"
            1,c, Surgery, y ,,
            2,d, Urology, z ,Text.,

            """
        let found = try items(MTSamples(), ["mtsamples.csv": table])
        #expect(found.map(\.id) == ["0", "2"] && found.map(\.gold) == ["Neurosurgery", "Urology"])
        #expect(MTSamples.labels.count == 40 && found[0].context == "HISTORY:, A made-up\npatient.")
    }

    @Test("PubMed summarization: sentences in lists, the abstract's between <S> and </S>")
    func summarization() throws {
        let line = """
            {"article_id": "PMC1", "article_text": ["First .", "Second ."], "abstract_text": ["<S> Short . </S>", \
            "<S> Done . </S>"], "labels": null, "section_names": ["a"], "sections": [["First .", "Second ."]]}
            """
        let empty = line.replacing("PMC1", with: "PMC2").replacing("\"First .\", \"Second .\"", with: "\"\"")
        let found = try items(PubMedSummarization(), ["test.txt": "\(line)\n\(empty)\n"])
        #expect(
            found.map(\.id) == ["PMC1"] && found[0].gold == "Short . Done ." && found[0].context == "First . Second .")
    }

    @Test("MIMIC-CXR: reports by their headings, the table of sections, and the publisher's splits")
    func mimic() throws {
        let report = """
                                             FINAL REPORT
             EXAMINATION:  CHEST (PA AND LAT)

             FINDINGS:

             The lungs are clear: no
             effusion.

             IMPRESSION: No acute process.
            """
        let splits = "dicom_id,study_id,subject_id,split\nx,50,10,test\ny,51,10,train\n"
        let files = [
            "files/p10/p10/s50.txt": report, "files/p10/p10/s51.txt": report,
            "files/p10/p10/s52.txt": "FINDINGS: alone", "mimic-cxr-2.0.0-split.csv": splits,
        ]
        let all = try items(MIMICCXR(), files)
        #expect(all.map(\.id) == ["s50", "s51"] && all[0].gold == "No acute process.")
        #expect(all[0].context == "The lungs are clear: no effusion.")
        #expect(try items(MIMICCXR(), split: "test", files).map(\.id) == ["s50"])
        let table = "study,impression,findings,last_paragraph,comparison\ns1,Fine.,\"Clear,\nlungs.\",,\ns2,Fine.,,,\n"
        let rows = try items(MIMICCXR(), ["mimic_cxr_sectioned.csv": table])
        #expect(rows.map(\.id) == ["s1"] && rows[0].context == "Clear, lungs.")
    }

    @Test("BioNLI: the authors' own conclusion follows, an altered one contradicts")
    func bioNLI() throws {
        let table = """
            ,abstract,conclusion,index,label_cat,ori_conclusion,pmid,supp_set
            0,x,It rises.,0,pos,It rises.,1,"We measured it, twice."
            1,x,It falls.,0,LPR,It rises.,1,"We measured it, twice."

            """
        let found = try items(BioNLI(), ["test.csv": table])
        #expect(found.map(\.gold) == ["entailment", "contradiction"] && found[1].question == "It falls.")
        #expect(found[0].context == "We measured it, twice.")
    }

    @Test("MedNLI: PhysioNet's JSON Lines")
    func medNLI() throws {
        let line = """
            {"gold_label": "neutral", "sentence1": "Made up.", "sentence2": "It is.", "pairID": "p1", \
            "sentence1_parse": "(ROOT)", "sentence1_binary_parse": "( )"}
            """
        let found = try items(MedNLI(), ["mli_test_v1.jsonl": line, "mli_train_v1.jsonl": line])
        #expect(found.map(\.id) == ["p1"] && found[0].gold == "neutral" && found[0].context == "Made up.")
    }

    @Test("MedExQA: a TSV a speciality, without a header; MMLU's medical subjects alone")
    func subjects() throws {
        let line = "Which \"one\"?\ta\tb\tc\td\tbecause\tfor\tC\n"
        let files = ["test/biomedical_engineer_test.tsv": line, "dev/biomedical_engineer_dev.tsv": line + line]
        let found = try items(MedExQA(), files)
        #expect(found.map(\.id) == ["biomedical_engineer/0"] && found[0].gold == "C" && found[0].options[3].text == "d")
        let shots = try BenchmarkFixtures.withFolder(files) { MedExQA().defaultShots(for: $0) }
        #expect(shots?.lastPathComponent == "dev")
        let question = "q,1,2,3,4,A\n"
        let medical = try items(
            MMLU(isMedical: true), ["test/anatomy_test.csv": question, "test/econometrics_test.csv": question])
        #expect(medical.map(\.id) == ["anatomy/0"])
    }

    @Test("A set that is not there is not run, and says where to get it")
    func notSupplied() {
        let nowhere = BenchmarkFixtures.folder.appending(path: "absent")
        for task in BenchmarkCatalog.tasks {
            let error = BenchmarkFixtures.error { _ = try Evaluation(task: task, data: nowhere) }
            #expect(error?.code == .notSupplied && error?.reason.hasPrefix("not run: data not supplied") == true)
            #expect(error?.remedy.contains("http") == true, "\(task.id)")
        }
    }
}
