# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Drugs and the plain facts about them, in our own words.

A row: name | class | mechanism (a clause after "it") | uses | side effects | caution (a whole sentence). Lists are separated by semicolons.
"""

TABLE = """
Metformin|a biguanide|lowers the output of glucose by the liver and makes tissues more sensitive to insulin|type 2 diabetes; polycystic ovary syndrome|diarrhoea; nausea; a metallic taste; vitamin B12 deficiency|It is stopped when the glomerular filtration rate falls below 30 mL/min per 1.73 m², because lactate may accumulate.
Gliclazide|a sulfonylurea|closes potassium channels of the beta cell and so releases insulin|type 2 diabetes|hypoglycaemia; weight gain|Missed meals make hypoglycaemia more likely.
Empagliflozin|an SGLT2 inhibitor|blocks the reabsorption of glucose and sodium in the proximal tubule|type 2 diabetes; heart failure; chronic kidney disease|genital yeast infections; passing more urine; ketoacidosis in rare cases|It should be paused before major surgery and during acute illness.
Semaglutide|a GLP-1 receptor agonist|stimulates glucose-dependent insulin release, slows the emptying of the stomach and reduces appetite|type 2 diabetes; obesity|nausea; vomiting; constipation; gallstones|The dose is raised slowly over weeks so that nausea stays mild.
Insulin glargine|a long-acting insulin analogue|forms fine precipitates under the skin from which insulin is released over about a day|type 1 diabetes; type 2 diabetes|hypoglycaemia; weight gain; thickening of the skin at injection sites|Injection sites should be changed from day to day.
Levothyroxine|a synthetic thyroid hormone|replaces thyroxine, which tissues convert to the active triiodothyronine|hypothyroidism|palpitations and weight loss when the dose is too high|It is taken on an empty stomach, because iron, calcium and coffee reduce its absorption.
Carbimazole|an antithyroid drug|inhibits thyroid peroxidase and so the making of thyroid hormone|hyperthyroidism|rash; joint pain; agranulocytosis in rare cases|A sore throat with fever calls for an immediate blood count.
Hydrocortisone|a glucocorticoid|binds to the glucocorticoid receptor and changes the transcription of many genes|adrenal insufficiency; severe allergy; inflammatory disease|high glucose; infections; thin skin|Patients with adrenal failure double or triple the dose during fever.
Prednisolone|a glucocorticoid|suppresses inflammation by changing the transcription of genes for cytokines|asthma attacks; rheumatic disease; inflammatory bowel disease|weight gain; osteoporosis; high glucose; cataract|After more than a few weeks of treatment the dose must be reduced slowly.
Ramipril|an ACE inhibitor|blocks the conversion of angiotensin I to angiotensin II|hypertension; heart failure; diabetic kidney disease|dry cough; hyperkalaemia; angioedema|It must not be used in pregnancy.
Losartan|an angiotensin receptor blocker|blocks the AT1 receptor for angiotensin II|hypertension; diabetic kidney disease; heart failure|dizziness; hyperkalaemia|It is a good choice when an ACE inhibitor causes cough.
Amlodipine|a dihydropyridine calcium channel blocker|relaxes the smooth muscle of arterioles by blocking L-type calcium channels|hypertension; angina|swelling of the ankles; flushing; headache|Swelling of the ankles depends on the dose and does not respond well to diuretics.
Bisoprolol|a selective beta-1 blocker|slows the heart and lowers its demand for oxygen by blocking beta-1 receptors|heart failure; angina; atrial fibrillation|slow pulse; fatigue; cold hands|It should not be stopped suddenly in patients with coronary disease.
Furosemide|a loop diuretic|blocks the sodium, potassium and chloride carrier in the thick ascending limb of the loop of Henle|fluid overload in heart failure; oedema in kidney or liver disease|hypokalaemia; dehydration; hearing loss after fast injection of high doses|Potassium and creatinine are checked after each change of dose.
Indapamide|a thiazide-like diuretic|blocks the sodium and chloride carrier in the distal convoluted tubule|hypertension|hyponatraemia; hypokalaemia; gout|Older women with low body weight are most at risk of hyponatraemia.
Spironolactone|a mineralocorticoid receptor antagonist|blocks the action of aldosterone in the collecting duct|heart failure; ascites; resistant hypertension|hyperkalaemia; breast enlargement in men|Potassium should be measured within one or two weeks after the start.
Atorvastatin|a statin|inhibits HMG-CoA reductase, so that the liver takes up more LDL from the blood|high LDL cholesterol; prevention of myocardial infarction and stroke|muscle pain; raised liver enzymes|Severe muscle pain with dark urine suggests rhabdomyolysis.
Ezetimibe|a cholesterol absorption inhibitor|blocks the NPC1L1 transporter in the small intestine|high LDL cholesterol|abdominal discomfort; raised liver enzymes when combined with statins|It is often added when a statin alone does not reach the target.
Aspirin|a non-selective cyclooxygenase inhibitor|irreversibly acetylates cyclooxygenase-1 in platelets and so prevents the making of thromboxane A2|secondary prevention of myocardial infarction and stroke; pain; fever|bleeding from the stomach; easy bruising|It is avoided in children with viral illness because of Reye syndrome.
Clopidogrel|a P2Y12 inhibitor|is converted by liver enzymes to a metabolite that blocks the ADP receptor of platelets|coronary stents; prevention of stroke|bleeding; bruising; rash|Omeprazole may weaken its effect by inhibiting CYP2C19.
Warfarin|a vitamin K antagonist|blocks the recycling of vitamin K, which clotting factors II, VII, IX and X need|mechanical heart valves; atrial fibrillation; venous thrombosis|bleeding; skin necrosis in rare cases|Many drugs and foods change its effect, so the INR is measured regularly.
Apixaban|a direct oral anticoagulant|inhibits activated factor X|atrial fibrillation; deep vein thrombosis; pulmonary embolism|bleeding; anaemia|Doses are reduced in patients who are old, light and have poor kidney function.
Heparin|an anticoagulant given by injection|strengthens the action of antithrombin against thrombin and factor Xa|venous thrombosis; acute coronary syndrome; dialysis|bleeding; heparin-induced thrombocytopenia|A fall of platelets between days five and ten needs urgent attention.
Digoxin|a cardiac glycoside|inhibits the sodium and potassium pump and increases vagal tone|rate control in atrial fibrillation; heart failure|nausea; yellow vision; arrhythmias|Low potassium makes toxicity more likely.
Amiodarone|a class III antiarrhythmic drug|prolongs the action potential by blocking potassium channels|ventricular tachycardia; atrial fibrillation|thyroid disease; lung fibrosis; sensitivity to sunlight|Thyroid and liver function are checked every six months.
Glyceryl trinitrate|an organic nitrate|releases nitric oxide, which relaxes veins and coronary arteries|angina; acute pulmonary oedema|headache; dizziness; low blood pressure|It must not be combined with sildenafil.
Salbutamol|a short-acting beta-2 agonist|relaxes bronchial smooth muscle by raising cyclic AMP|relief of asthma and COPD symptoms|tremor; palpitations; hypokalaemia at high doses|Frequent need for relief is a sign that asthma is poorly controlled.
Budesonide|an inhaled corticosteroid|reduces inflammation of the airways|asthma; COPD with frequent exacerbations|hoarse voice; thrush of the mouth|Rinsing the mouth after each dose prevents thrush.
Tiotropium|a long-acting muscarinic antagonist|blocks M3 receptors in bronchial smooth muscle|COPD; severe asthma|dry mouth; difficulty in passing urine|It is inhaled once a day.
Montelukast|a leukotriene receptor antagonist|blocks the cysteinyl leukotriene receptor|asthma; allergic rhinitis|headache; vivid dreams; changes of mood|Patients should report changes of mood or behaviour.
Omeprazole|a proton pump inhibitor|irreversibly blocks the hydrogen and potassium pump of the parietal cell|reflux disease; peptic ulcer; eradication of Helicobacter pylori|headache; diarrhoea; low magnesium after long use|It works best when taken half an hour before breakfast.
Ondansetron|a 5-HT3 receptor antagonist|blocks serotonin receptors on vagal nerves and in the brainstem|nausea after chemotherapy; nausea after surgery|constipation; headache; prolongation of the QT interval|It should be used with care together with other drugs that prolong the QT interval.
Loperamide|an opioid that acts on the gut|slows the movement of the bowel through µ-opioid receptors in its wall|acute diarrhoea|constipation; bloating|It is not given when there is high fever or bloody diarrhoea.
Lactulose|an osmotic laxative|draws water into the colon and lowers the absorption of ammonia|constipation; hepatic encephalopathy|bloating; wind|It needs a day or two to work.
Amoxicillin|a penicillin|blocks the cross-linking of peptidoglycan in the bacterial cell wall|pneumonia; otitis media; sinusitis|rash; diarrhoea; anaphylaxis in rare cases|A rash is very common when it is given to patients with glandular fever.
Ceftriaxone|a third-generation cephalosporin|blocks the making of the bacterial cell wall|bacterial meningitis; severe pneumonia; gonorrhoea|diarrhoea; biliary sludge; rash|It must not be mixed with calcium in the same infusion line.
Ciprofloxacin|a fluoroquinolone|inhibits DNA gyrase and topoisomerase IV of bacteria|complicated urinary infection; some bowel infections|tendon rupture; prolongation of the QT interval; nausea|Milk and antacids reduce its absorption.
Doxycycline|a tetracycline|binds to the 30S subunit of the bacterial ribosome|Lyme disease; chlamydia; acne|sensitivity to sunlight; irritation of the oesophagus|It is taken upright with plenty of water and is avoided in pregnancy.
Azithromycin|a macrolide|binds to the 50S subunit of the bacterial ribosome|atypical pneumonia; whooping cough|nausea; diarrhoea; prolongation of the QT interval|Its long half-life allows short courses.
Vancomycin|a glycopeptide|binds to the D-alanyl-D-alanine end of cell wall precursors|infection with MRSA; Clostridioides difficile when given by mouth|kidney damage; flushing when infused too fast|Blood levels guide the dose.
Gentamicin|an aminoglycoside|binds to the 30S subunit of the bacterial ribosome and causes misreading|severe Gram-negative infection|kidney damage; hearing loss|Once-daily dosing with measurement of levels limits harm.
Nitrofurantoin|a urinary antiseptic|is reduced by bacteria to products that damage their DNA and proteins|uncomplicated cystitis|nausea; lung fibrosis after long use|It does not work when kidney function is poor.
Fluconazole|a triazole antifungal|inhibits the making of ergosterol in the fungal membrane|vaginal thrush; cryptococcal meningitis|raised liver enzymes; rash|It raises the effect of warfarin.
Aciclovir|a nucleoside analogue|is activated by viral thymidine kinase and stops the viral DNA polymerase|herpes simplex encephalitis; shingles|kidney damage when infused without enough fluid; headache|Treatment of encephalitis begins before the result of the test is known.
Paracetamol|an analgesic and antipyretic|acts mainly in the central nervous system and lowers fever and pain|mild pain; fever|liver failure after overdose|Acetylcysteine is the antidote and works best within eight hours of an overdose.
Ibuprofen|a non-steroidal anti-inflammatory drug|inhibits cyclooxygenase-1 and cyclooxygenase-2 reversibly|pain; inflammation; fever|ulcers; kidney injury; fluid retention|It is avoided in late pregnancy and in severe heart failure.
Morphine|an opioid|activates the µ-opioid receptor|severe pain; breathlessness at the end of life|constipation; drowsiness; slow breathing|Naloxone reverses its effect on breathing.
Gabapentin|an anticonvulsant used for nerve pain|binds to the α2δ subunit of voltage-gated calcium channels|neuropathic pain; focal epilepsy|dizziness; drowsiness; swelling|The dose is lowered when kidney function is poor.
Sertraline|a selective serotonin reuptake inhibitor|blocks the serotonin transporter|depression; panic disorder; obsessive-compulsive disorder|nausea; sexual dysfunction; hyponatraemia in older people|Stopping it suddenly may cause dizziness and irritability.
Amitriptyline|a tricyclic antidepressant|blocks the reuptake of noradrenaline and serotonin|neuropathic pain; prevention of migraine; depression|dry mouth; constipation; arrhythmias after overdose|A low dose at night is usual for pain.
Lithium|a mood stabiliser|acts on second messengers within neurons in ways that are only partly known|bipolar disorder|tremor; thirst; hypothyroidism; kidney disease|Blood levels must be monitored, because the margin between effect and harm is narrow.
Haloperidol|a first-generation antipsychotic|blocks dopamine D2 receptors|acute psychosis; delirium with danger to the patient|stiffness; restlessness; prolongation of the QT interval|It is avoided in Parkinson disease.
Clozapine|a second-generation antipsychotic|blocks dopamine D4, serotonin 5-HT2A and other receptors|schizophrenia that resists other drugs|agranulocytosis; weight gain; myocarditis|Regular white cell counts are required.
Levodopa|a precursor of dopamine|crosses the blood–brain barrier and is converted to dopamine|Parkinson disease|nausea; dyskinesia; hallucinations|It is combined with a decarboxylase inhibitor to prevent conversion outside the brain.
Lamotrigine|an antiseizure drug|stabilises neurons by blocking voltage-gated sodium channels|epilepsy; bipolar disorder|rash; dizziness; Stevens–Johnson syndrome in rare cases|The dose is raised slowly to reduce the risk of severe rash.
Valproate|an antiseizure drug|raises GABA in the brain and blocks sodium channels|epilepsy; bipolar disorder|weight gain; tremor; liver damage|It is avoided in women who may become pregnant, because it harms the fetus.
Sumatriptan|a triptan|activates 5-HT1B and 5-HT1D receptors and narrows cranial vessels|acute migraine|tingling; tightness of the chest|It must not be used by patients with coronary artery disease.
Methotrexate|an antimetabolite|inhibits dihydrofolate reductase|rheumatoid arthritis; psoriasis; some cancers|mouth ulcers; liver damage; bone marrow suppression|For arthritis it is taken once a week, never daily, together with folic acid.
Allopurinol|a xanthine oxidase inhibitor|lowers the making of uric acid|prevention of gout; tumour lysis syndrome|rash; severe hypersensitivity in rare cases|It greatly raises the toxicity of azathioprine.
Colchicine|an anti-inflammatory alkaloid|binds to tubulin and hinders the movement of neutrophils|acute gout; pericarditis|diarrhoea; bone marrow suppression after overdose|The dose is limited because toxic and useful doses are close.
Alendronate|a bisphosphonate|inhibits osteoclasts and so slows the breakdown of bone|osteoporosis|irritation of the oesophagus; osteonecrosis of the jaw in rare cases|It is taken upright with a full glass of water, half an hour before food.
Tamoxifen|a selective oestrogen receptor modulator|blocks oestrogen receptors in breast tissue|breast cancer that expresses oestrogen receptors|hot flushes; venous thrombosis; endometrial cancer|Strong inhibitors of CYP2D6 may weaken its effect.
Trastuzumab|a monoclonal antibody|binds to the HER2 receptor|breast cancer that is positive for HER2|a fall of heart function; infusion reactions|Echocardiography is repeated during treatment.
Cisplatin|a platinum compound|forms cross-links in DNA|cancer of the testis, ovary, bladder and lung|kidney damage; vomiting; hearing loss; neuropathy|Plenty of intravenous fluid protects the kidneys.
Hydroxychloroquine|an antimalarial with immune effects|interferes with lysosomes and with signals of Toll-like receptors|systemic lupus erythematosus; rheumatoid arthritis|damage to the retina after years; nausea|Eye examinations are advised after five years of use.
Adrenaline|a catecholamine|stimulates alpha and beta receptors|anaphylaxis; cardiac arrest|palpitations; tremor; high blood pressure|In anaphylaxis it is injected into the muscle of the outer thigh.
Magnesium sulfate|an electrolyte given by infusion|blocks calcium entry and NMDA receptors|eclampsia; severe asthma; torsades de pointes|flushing; loss of reflexes; slow breathing|Calcium gluconate is the antidote.
Oseltamivir|a neuraminidase inhibitor|prevents the release of new influenza viruses from infected cells|influenza|nausea; vomiting; headache|It works best when started within 48 hours of the first symptoms.
"""

FIELDS = ("name", "kind", "mechanism", "uses", "effects", "caution")


def load():
    rows = []
    for line in TABLE.strip().splitlines():
        values = [value.strip() for value in line.split("|")]
        row = dict(zip(FIELDS, values, strict=True))
        for field in ("uses", "effects"):
            row[field] = [item.strip() for item in row[field].split(";")]
        rows.append(row)
    return rows
