# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""A grammar of invented studies. No study described by it ever took place.

Two disjoint worlds: everything named TRAINING feeds the corpus and the instruction samples, everything named TEST feeds the benchmark. They share
no population, intervention, comparison, outcome or setting, and no whole sentence; only the general language of results ("significantly", "did not
differ", "borderline") recurs, because reading that language is what the benchmark asks for.

A topic: heading | population | interventions | comparisons | outcomes.
An outcome: name:direction:unit:low:high, where direction "-" means that less is better and unit "%" makes it a share of patients.
"""

TRAINING_TOPICS = """
Hip Fractures|older adults with hip fracture|a programme of early walking;a nutritious drink twice a day;daily visits by a geriatrician;strength training at home|usual ward care;standard physiotherapy|the rate of falls:-:%:18:40;length of hospital stay:-:days:8:15;walking speed:+:m/s:0.5:1.0;the rate of delirium:-:%:20:38
Asthma|children with persistent asthma|a written action plan;daily budesonide inhaled through a spacer;lessons on inhaler technique at school;allergen-proof bedding|routine follow-up;a leaflet alone|the number of emergency visits:-:visits per year:1.2:3.4;the asthma control score:+:points:15:22;the rate of night-time cough:-:%:25:50
Knee Osteoarthritis|adults with osteoarthritis of the knee|supervised exercise;a diet with the aim of weight loss;a knee brace;aquatic therapy|written advice;a waiting list|the pain score:-:points:3.5:6.8;the function score:+:points:40:70;the use of painkillers:-:%:30:60
Type 2 Diabetes|adults with type 2 diabetes|telephone coaching by nurses;continuous glucose monitoring;a diet low in carbohydrates;walking after each meal|printed advice;usual diabetes care|glycated haemoglobin:-:%:6.9:8.8;body weight:-:kg:78:96;the rate of hypoglycaemia:-:%:8:22
Heart Failure|patients with chronic heart failure|remote monitoring of body weight;home visits by a specialist nurse;interval training on a bicycle;intravenous iron|clinic visits alone;standard therapy|the rate of readmission:-:%:18:42;the six-minute walking distance:+:m:280:420;the quality-of-life score:+:points:45:75
COPD|patients with chronic obstructive pulmonary disease|pulmonary rehabilitation;a course of azithromycin;self-management training;nordic walking|usual respiratory care;standard inhalers|the rate of exacerbations:-:%:30:62;the breathlessness score:-:points:1.8:3.6;exercise capacity:+:W:60:105
Mechanical Ventilation|ventilated patients in intensive care|daily interruption of sedation;raising the head of the bed;chlorhexidine mouth care;early mobilisation|standard intensive care;usual nursing care|the duration of ventilation:-:days:4.5:9.5;the rate of pneumonia:-:%:12:30;mortality at 28 days:-:%:18:36
Low Back Pain|workers with chronic low back pain|yoga classes;cognitive behavioural therapy;a lumbar belt;spinal manipulation|an education booklet;general practitioner care|the disability score:-:points:7:15;the number of sick days:-:days:9:26;pain intensity:-:points:3.2:6.5
Insomnia|adults with chronic insomnia|sleep restriction therapy;an online course on sleep habits;melatonin;evening light reduction|sleep hygiene advice;a waiting list|sleep onset latency:-:minutes:22:58;total sleep time:+:hours:5.4:7.2;the insomnia severity score:-:points:8:18
Hypertension|adults with uncontrolled hypertension|home blood pressure monitoring;a salt substitute;a single pill with two drugs;pharmacist visits|office measurement only;usual treatment|systolic blood pressure:-:mmHg:128:152;the rate of blood pressure control:+:%:35:70;medication adherence:+:%:50:85
Gestational Diabetes|pregnant women with gestational diabetes|metformin;a diet with a low glycaemic index;resistance exercise;dietitian visits every week|standard antenatal care;standard antenatal advice|birth weight above 4 kg:-:%:10:26;the rate of caesarean delivery:-:%:22:44;fasting glucose:-:mmol/L:4.6:5.9
Preterm Infants|very preterm infants|caffeine citrate;skin-to-skin care;donor breast milk;delayed clamping of the cord|routine neonatal care;standard incubator care|the rate of apnoea:-:%:25:55;the rate of necrotising enterocolitis:-:%:4:14;weight gain:+:g/day:16:28
Chemotherapy Nausea|patients who receive chemotherapy|olanzapine;acupressure wristbands;ginger capsules;guided imagery|standard antiemetics alone;standard antiemetics with placebo|the rate of vomiting:-:%:22:55;the nausea score:-:points:2.4:6.2;food intake:+:%:40:75
Colorectal Surgery|patients after colorectal surgery|chewing gum;an enhanced recovery pathway;epidural analgesia;carbohydrate drinks before surgery|conventional perioperative care;the local routine|time to first bowel movement:-:hours:38:82;the rate of wound infection:-:%:8:24;postoperative stay:-:days:4:9
Stroke Rehabilitation|patients in the first months after stroke|treadmill training;mirror therapy;robot-assisted arm training;fluoxetine|conventional rehabilitation;the usual programme|arm function:+:points:28:48;the rate of independence:+:%:30:62;balance:+:points:30:50
Depression|adults with moderate depression|group exercise;behavioural activation;bright light therapy;internet-based counselling|a waiting-list control;usual primary care|the depression score:-:points:8:19;the rate of remission:+:%:18:48;the rate of relapse:-:%:15:42
Smoking Cessation|daily smokers who want to quit|varenicline;text message support;financial incentives;nicotine patches|brief advice;an information website|the rate of abstinence:+:%:8:34;cigarette consumption:-:per day:4:14;the craving score:-:points:2.5:5.5
Obesity|adults with obesity|intermittent fasting;a meal replacement programme;a wearable activity tracker;group counselling|calorie advice;monthly newsletters|body mass index:-:kg/m²:29:36;waist circumference:-:cm:92:112;the rate of weight loss above 5%:+:%:15:48
Hemodialysis|patients on haemodialysis|exercise during dialysis;cooled dialysate;a low-phosphate diet;longer sessions|standard dialysis;unchanged dialysis|the rate of low blood pressure:-:%:14:38;serum phosphate:-:mmol/L:1.4:2.2;the fatigue score:-:points:3.1:6.4
Migraine|adults with frequent migraine|riboflavin;biofeedback;magnesium tablets;occipital nerve stimulation|placebo;usual headache care|the number of headache days:-:days per month:4:11;headache intensity:-:points:3.5:7.2;the use of triptans:-:doses per month:2.5:7.5
Irritable Bowel Syndrome|patients with irritable bowel syndrome|peppermint oil;a diet low in fermentable sugars;hypnotherapy;a probiotic mixture|dietary advice as usual;usual bowel treatment|the abdominal pain score:-:points:2.8:6.0;the bloating score:-:points:2.6:6.1;the rate of adequate relief:+:%:25:58
Atopic Dermatitis|infants with atopic dermatitis|daily emollients;wet wraps;bleach baths;a parent education course|cleansing as usual;usual skin care|the eczema severity score:-:points:11:27;the rate of skin infection:-:%:9:28;the itch score:-:points:2.6:6.4
Otitis Media|toddlers with acute otitis media|immediate amoxicillin;watchful waiting with pain relief;xylitol syrup;anaesthetic ear drops|delayed prescription;comfort measures alone|the rate of persistent fever:-:%:10:30;the ear pain score:-:points:2.1:5.4;the rate of recurrence:-:%:14:35
Urinary Incontinence|women with urinary incontinence|pelvic floor training;electrical stimulation;bladder training;a vaginal cone|no active therapy;general fitness classes|the number of leakages:-:per week:3:12;pad weight:-:g:9:32;the rate of cure:+:%:15:50
Pressure Ulcer|bedridden residents of nursing homes|turning every two hours;an alternating-pressure mattress;protein supplements;silicone dressings|standard nursing care;the usual prevention|the rate of pressure ulcers:-:%:8:26;ulcer area:-:cm²:3.5:9.5;skin redness:-:%:20:44
Delirium|older patients after cardiac surgery|dexmedetomidine;family visits on the first day;earplugs at night;a reorientation protocol|standard postoperative care;usual care after surgery|the incidence of delirium:-:%:14:40;the duration of confusion:-:days:1.2:4.0;stay in intensive care:-:days:2.2:5.6
Vaccination|health workers in general practices|reminder letters;vaccination at the workplace;a lottery ticket as reward;peer educators|posters only;no reminder|influenza vaccine uptake:+:%:28:68;the rate of sick leave:-:%:11:27
Bowel Preparation|outpatients before colonoscopy|split-dose preparation;a smartphone reminder;a clear video instruction;a low-residue diet|the standard protocol;written instructions|the adequacy of cleansing:+:%:62:93;the adenoma detection rate:+:%:20:40;the rate of missed appointments:-:%:6:20
Dental Caries|primary school pupils|fluoride varnish;supervised toothbrushing;fissure sealants;a sugar-free school canteen|dental check-ups only;ordinary oral hygiene|the incidence of caries:-:%:18:45;plaque index:-:points:0.7:1.8
Anemia|women with iron deficiency anaemia|iron tablets on alternate days;ferric carboxymaltose;cooking in iron pots;vitamin C with iron|daily ferrous sulfate;dietary advice alone|haemoglobin:+:g/dL:10.2:13.0;ferritin:+:µg/L:14:48;the rate of constipation:-:%:12:36
"""

TEST_TOPICS = """
Tinnitus|people troubled by tinnitus|sound enrichment devices;retraining sessions with an audiologist;hearing aids|counselling by letter|tinnitus loudness:-:dB:24:52;annoyance by tinnitus:-:points:31:62;the share with deep distress:-:%:20:45
Carpal Tunnel Syndrome|typists with carpal tunnel syndrome|night splints;steroid injection of the wrist;tendon gliding|rest of the hand|grip strength:+:kg:17:31;hand numbness:-:points:2.2:3.9;the need for decompression:-:%:16:41
Plantar Fasciitis|runners with plantar fasciitis|calf stretching;moulded insoles;shock-wave therapy|flat insoles|heel tenderness:-:mm:21:55;weekly running distance:+:km:11:29
Restless Legs Syndrome|sufferers from restless legs|pneumatic compression;gabapentin enacarbil;leg massage before bedtime|stocking wear without pressure|leg restlessness:-:points:12:26;nightly awakenings:-:per night:1.7:4.8
Varicose Veins|people with varicose veins|endovenous laser ablation;foam sclerotherapy;graduated stockings|vein stripping|reflux recurrence:-:%:11:33;leg heaviness:-:mm:18:47
Dry Eye|office staff with dry eyes|warm lid compresses;omega-3 capsules;humid goggles|preservative-free tears|tear break-up time:+:s:4.8:10.4;ocular burning:-:points:22:49
Myopia|short-sighted schoolchildren|outdoor lessons;low-dose atropine drops;multifocal lenses|single-vision glasses|myopia progression:-:dioptres per year:0.3:0.9;axial eye growth:-:mm:0.15:0.42
Sleep Apnea|truck drivers with sleep apnoea|a jaw advancement splint;positional therapy;positive airway pressure|nasal strips|daytime sleepiness:-:points:7:14;near-miss accidents:-:%:9:27
Epistaxis|emergency attenders with nosebleeds|tranexamic acid gauze;ice packs on the neck;antiseptic nasal cream|petroleum jelly packing|rebleeding:-:%:15:43;bleeding duration:-:minutes:9:24
Postherpetic Neuralgia|pensioners with pain after shingles|lidocaine plasters;capsaicin patches;pregabalin|vehicle plasters|burning skin sensations:-:mm:28:63;sleep disturbance:-:points:3.1:6.7
Tennis Elbow|manual labourers with tennis elbow|eccentric forearm loading;platelet-rich plasma;a forearm strap|saline injection|pain-free lifting:+:kg:8:19;elbow tenderness:-:mm:24:58
Motion Sickness|ferry passengers prone to seasickness|scopolamine patches;paced breathing;a horizon display|blank skin patches|retching:-:%:13:41;dizziness on board:-:points:3.3:7.1
Onychomycosis|swimmers with fungal nails|terbinafine;photodynamic therapy;amphotericin lacquer|bland nail polish|mycological clearance:+:%:17:56;diseased nail surface:-:%:25:60
Chronic Sinusitis|choir singers with chronic sinusitis|saline irrigation;mometasone spray;balloon dilation|steam inhalation|nasal blockage:-:points:2.4:5.1;sense of smell:+:points:18:33
Hay Fever|gardeners with hay fever|grass pollen tablets;cetirizine;a nasal cellulose powder|inert lozenges|sneezing bouts:-:per day:4:13;itchy eyes:-:%:29:66
Frozen Shoulder|hairdressers with a frozen shoulder|hydrodilatation;joint mobilisation;a suprascapular block|heat packs|overhead reach:+:degrees:92:148;shoulder pain at rest:-:mm:21:57
Nocturnal Enuresis|boys who wet the bed|a moisture alarm;desmopressin melts;timed lifting|star charts|dry nights:+:per week:2.2:5.6;soaked sheets:-:%:24:61
Tonsillectomy|youngsters after tonsillectomy|honey on a spoon;ketorolac;ice lollies|plain jelly|throat soreness:-:points:3.4:7.3;late haemorrhage:-:%:3:11
Burns|victims of minor burns|silver foam;aloe gel;cooling for twenty minutes|paraffin gauze|re-epithelialisation:+:%:48:88;visible scarring:-:%:19:46
Lactation|first-time mothers who breastfeed|home calls by a midwife;lanolin ointment;antenatal classes on latching|a hospital brochure|exclusive breastfeeding:+:%:31:66;nipple trauma:-:%:18:49
Vertigo|sufferers from positional vertigo|the Epley manoeuvre;vestibular drills;betahistine|a mock head turn|spinning spells:-:per week:2.4:8.6;positive Hallpike signs:-:%:22:64
Traveler's Diarrhea|backpackers in the tropics|rifaximin;chlorinated flasks;bismuth chews|bottled soft drinks|loose stools:-:%:21:52;lost travel time:-:days:0.9:3.2
Anal Fissure|patients with an anal fissure|diltiazem cream;botulinum toxin;psyllium husk|soothing suppositories|fissure healing:+:%:34:78;discomfort on defaecation:-:mm:20:56
Raynaud Disease|skiers with cold white fingers|nifedipine;battery-heated gloves;hand warming drills|woollen mittens|colour attacks:-:per week:3.1:9.4;fingertip temperature:+:°C:23:30
"""

# The language of results. {o} outcome, {x} intervention, {c} comparison, {a} and {b} their values, {p} the p value with its sign, {cmp} lower or
# higher, {past} reduced or improved; a capital letter in the name capitalises.
TRAINING_FINDINGS = {
    "yes": [
        "{O} was significantly {cmp} with {x} than with {c} ({a} vs {b}, p {p}).",
        "{X} clearly {past} {o}: {a} against {b} with {c} (p {p}).",
        "The difference in {o} was large and significant in favour of {x} ({a} vs {b}, p {p}).",
        "{X} {was} superior to {c}: {o} was {a} compared with {b} (p {p}).",
        "At the end of the study {o} was {a} with {x} and {b} with {c}, a significant benefit (p {p}).",
        "A consistent benefit of {x} was seen: {o} was {a}, and {b} with {c} (p {p}).",
        "{X} significantly {past} {o} to {a}, whereas it stayed at {b} with {c} (p {p}).",
        "There was a clear and significant gain: {o} was {a} with {x} and {b} with {c} (p {p}).",
        "Compared with {c}, {x} significantly {past} {o} ({b} vs {a}, p {p}).",
        "{O} was clearly {cmp} after {x} ({a}) than after {c} ({b}), a significant effect (p {p}).",
    ],
    "no": [
        "{O} did not differ between {x} and {c} ({a} vs {b}, p {p}).",
        "There was no significant difference in {o} between {x} and {c} ({a} vs {b}, p {p}).",
        "{X} had no effect on {o}: {a} against {b} with {c} (p {p}).",
        "{O} was almost identical with {x} and with {c} ({a} vs {b}, p {p}).",
        "{X} {was} no better than {c}: {o} was {a} compared with {b} (p {p}).",
        "No benefit of {x} was found: {o} was {a}, and {b} with {c} (p {p}).",
        "At the end of the study {o} was {a} with {x} and {b} with {c}, essentially the same (p {p}).",
        "{O} remained similar in both groups, {a} with {x} and {b} with {c} (p {p}).",
        "Compared with {c}, {x} did not change {o} ({b} vs {a}, p {p}).",
        "The two groups did not differ: {o} was {a} with {x} and {b} with {c} (p {p}).",
    ],
    "maybe": [
        "{O} tended to be {cmp} with {x} than with {c} ({a} vs {b}), but the difference was of borderline significance (p {p}).",
        "{O} was {a} with {x} and {b} with {c}, but the confidence interval was wide and the result uncertain (p {p}).",
        "Results were conflicting: {o} was {cmp} with {x} in one centre ({a} vs {b}) but not in the other (p {p}).",
        "Only a trend was seen: {o} was {a} with {x} and {b} with {c} (p {p}), and too few patients were studied.",
        "Findings were mixed: {x} {past} {o} at first ({a} vs {b}), but the effect was lost later (p {p}).",
        "{O} was {cmp} with {x} ({a} vs {b}) in a subgroup only, and the overall result was inconclusive (p {p}).",
        "Results were inconsistent: {o} was {a} with {x} and {b} with {c}, but the effect vanished after adjustment (p {p}).",
        "{X} perhaps {past} {o} ({a} vs {b} with {c}), but the sample was small and the estimate uncertain (p {p}).",
        "There was a trend of borderline significance: {o} was {a} with {x} and {b} with {c} (p {p}).",
        "Whether {x} {past} {o} remained unclear, because the interval was wide ({a} vs {b} with {c}, p {p}).",
    ],
}

TRAINING_SUPPORT = {
    "yes": ["The benefit lasted until the end of follow-up.", "The effect was consistent in all subgroups.", "The significant difference held after adjustment for age and sex.",
            "A clear benefit was also seen in older participants."],
    "no": ["The result was the same after adjustment for age and sex.", "No benefit was seen in any subgroup.", "Secondary outcomes did not differ either.",
           "The confidence interval was narrow around zero."],
    "maybe": ["The study was underpowered.", "Larger studies are needed to settle the question.", "Many participants were lost, so the finding is uncertain.",
              "Results in the subgroups were conflicting."],
}

TEST_FINDINGS = {
    "yes": [
        "The {xb} arm reached {a} for {o}; the {cb} arm reached {b}, significantly worse (p {p}).",
        "Use of {x} brought a significant benefit, as {o} amounted to {a} rather than {b} (p {p}).",
        "Clearly {cmp} values of {o} followed {x}: {a}, versus {b} after {c} (significant, p {p}).",
        "{X} proved superior, and significantly so, with {o} of {a} versus {b} (p {p}).",
        "On {o}, those given {x} did significantly better than those given {c}: {a} versus {b} (p {p}).",
        "We saw a large, significant advantage of {x} in {o} of {a} versus {b} (p {p}).",
        "{X} achieved {o} of {a}; with {c} it was {b}, so the benefit was clear and significant (p {p}).",
        "Mean results for {o}, {a} versus {b}, were significantly in favour of {x} (p {p}).",
    ],
    "no": [
        "For {o} the {xb} arm reached {a} and the {cb} arm {b}, which did not differ (p {p}).",
        "Use of {x} brought no benefit, as {o} amounted to {a} rather than {b} (p {p}).",
        "Almost the same values of {o} followed both: {a} after {x}, {b} after {c} (not significant, p {p}).",
        "{X} proved no better, with {o} of {a} versus {b} (p {p}), an identical result within error.",
        "On {o}, those given {x} and those given {c} did not differ: {a} versus {b} (p {p}).",
        "We saw no significant difference in {o}, {a} versus {b} (p {p}).",
        "{X} achieved {o} of {a}; with {c} it was {b}, so values remained similar and there was no effect (p {p}).",
        "Mean results for {o}, {a} versus {b}, were essentially the same, with no significant difference (p {p}).",
    ],
    "maybe": [
        "The {xb} arm tended towards {cmp} {o}, {a} versus {b}, yet significance was borderline (p {p}).",
        "Use of {x} gave {o} of {a} rather than {b}, but intervals were wide and the benefit uncertain (p {p}).",
        "Mixed findings emerged for {o}: {a} versus {b} in the first year, but conflicting values in the second (p {p}).",
        "{X} showed only a trend in {o} of {a} versus {b} (p {p}), because the sample was too small.",
        "On {o}, {a} versus {b}, the analyses were inconsistent, and the effect of {x} remained unclear (p {p}).",
        "We saw a borderline trend with {x} in {o} of {a} versus {b}, inconclusive for want of numbers (p {p}).",
        "{X} achieved {o} of {a}; with {c} it was {b}, but this was in a subgroup only and inconclusive (p {p}).",
        "Mean results for {o}, {a} versus {b}, were conflicting between sites and uncertain overall (p {p}).",
    ],
}

TEST_SUPPORT = {
    "yes": ["A significant benefit was still present a year later.", "Younger and older persons alike had a clear benefit.", "Consistent effects were found across sites."],
    "no": ["Results did not differ between sites.", "There was no effect a year later, either.", "A second analysis gave the same answer."],
    "maybe": ["The sample was too small to be sure.", "A larger trial is needed, since estimates were uncertain.", "Younger and older persons showed conflicting results."],
}

TRAINING_METHODS = [
    "In a randomised trial, {n} {pop} received {x} or {c}; the trial lasted {w} weeks.",
    "We randomly assigned {n} {pop} to {x} or to {c} and followed them for {m} months.",
    "{N} {pop} took part in a controlled study that compared {x} with {c} over {w} weeks.",
    "A total of {n} {pop} from {k} hospitals were allocated to {x} or {c}.",
    "This single-blind trial enrolled {n} {pop} and compared {x} with {c} during {m} months.",
    "We compared {x} with {c} in {n} {pop} seen at {k} clinics between spring and autumn.",
]

TEST_METHODS = [
    "Between two winters, {n} {pop} drew lots for {x} or {c}.",
    "{N} volunteers, all {pop}, tried either {x} or {c} during {w} weeks.",
    "At {k} practices {n} {pop} were given {x} or, by computer allocation, {c}.",
    "An open trial among {n} {pop} set {x} against {c}; it ran {m} months.",
    "After informed consent {n} {pop} were split evenly: half used {x}, half used {c}.",
]

TRAINING_NEUTRAL = [
    "The groups were similar at the start.",
    "No serious adverse events occurred.",
    "Adherence was good in both groups.",
    "About {q}% of the participants withdrew.",
    "Outcomes were assessed by observers unaware of the allocation.",
    "Mild side effects were equally common.",
]

TEST_NEUTRAL = [
    "Baseline data were well balanced.",
    "Nobody was harmed.",
    "Most volunteers used what they had been given.",
    "Some {q}% never came back.",
    "Assessors were blinded.",
    "Few complaints were recorded.",
]

TRAINING_QUESTIONS = [
    "{Does} {x} {verb} {o} in {pop}?",
    "Can {x} {verb} {o} in {pop}?",
    "{Is} {x} effective in {gerund} {o} in {pop}?",
    "In {pop}, {does} {x} {verb} {o}?",
    "{Is} {x} better than {c} for {pop}?",
    "{Does} {x} help {pop} with regard to {o}?",
]

TEST_QUESTIONS = [
    "{Does} {x} {verb} {o} in {pop}?",
    "Should {pop} use {x} to {verb} {o}?",
    "{Is} {x} worthwhile for {pop} who hope for {cmp} {o}?",
    "Do {pop} benefit from {x} with respect to {o}?",
]

CONCLUSIONS = {
    "yes": ["{X} {past} {o} in {pop}.", "In {pop}, {x} {is} better than {c}.", "Our data support the use of {x} to {verb} {o}.", "{X} {offers} a clear benefit for {pop}."],
    "no": ["{X} did not {verb} {o} in {pop}.", "In {pop}, {x} {is} no better than {c}.", "Our data do not support the use of {x} to {verb} {o}.", "{X} {offers} no benefit for {pop}."],
    "maybe": ["It remains uncertain whether {x} can {verb} {o} in {pop}.", "In {pop}, the evidence for {x} is inconclusive.", "Larger trials must show whether {x} {helps} {pop}.",
              "Our data are too conflicting to recommend {x}."],
}

TEST_CONCLUSIONS = {
    "yes": ["We advise {x} for {pop}.", "{X} {deserves} a place in the care of {pop}."],
    "no": ["We cannot advise {x} for {pop}.", "{X} {adds} nothing to the care of {pop}."],
    "maybe": ["Before {x} can be advised for {pop}, a larger trial is needed.", "The value of {x} for {pop} is still open."],
}

OPENINGS = [
    "The treatment of {pop} is still debated.", "Evidence on the care of {pop} is limited.", "The use of {x} is widespread but has seldom been tested.",
    "Earlier studies of {x} were small.", "Guidelines differ in their advice on {x}.", "Costs of care for {pop} are rising.",
]

# Observational and diagnostic studies, for the corpus alone: population | exposure | outcome, and population | test | target.
COHORTS = """
adults aged 40 to 65 years|walking to work|new hypertension
nurses on rotating shifts|night work|weight gain
retired farmers|long use of solvents|loss of smell
women after the menopause|regular dancing|fracture of the wrist
former athletes|repeated concussion|low mood
office workers|sitting for more than eight hours a day|raised triglycerides
people aged over 80 years|eating alone|loss of appetite
children of primary school age|sleeping less than nine hours|overweight
pregnant women|living near a busy road|low birth weight
patients with chronic kidney disease|a high intake of salt|faster decline of kidney function
adults with type 1 diabetes|irregular meals|severe hypoglycaemia
survivors of stroke|living on the ground floor|return to outdoor walking
students|skipping breakfast|poor concentration
men with gout|drinking coffee|fewer attacks
adults with epilepsy|lack of sleep|breakthrough seizures
patients with coronary disease|attending rehabilitation|return to work
adults with asthma|damp housing|winter exacerbations
people with HIV infection|missed clinic visits|viral rebound
older adults living at home|poor eyesight|falls on stairs
patients with heart failure|weighing themselves daily|unplanned admission
"""

DIAGNOSTICS = """
patients with suspected heart failure|a bedside ultrasound by trained nurses|reduced ejection fraction
adults with acute chest pain|a rapid troponin assay|myocardial infarction
children with fever|a finger-prick measurement of C-reactive protein|bacterial infection
older adults in general practice|a two-minute word recall test|mild dementia
women with dysuria|a urine dipstick for nitrite|bacterial cystitis
patients with a swollen calf|a portable compression ultrasound|deep vein thrombosis
adults with chronic cough|a questionnaire of five items|asthma
people with diabetes|photographs of the retina taken with a telephone|retinopathy
adults with fatigue|a reticulocyte haemoglobin test|iron deficiency
newborns with jaundice|a skin bilirubin meter|severe hyperbilirubinaemia
patients with a cough for two weeks|computer reading of chest radiographs|pulmonary tuberculosis
patients with tremor|a spiral drawing test on a tablet|Parkinson disease
"""


PLURAL = {"daily visits by a geriatrician", "lessons on inhaler technique at school", "home visits by a specialist nurse", "yoga classes", "pharmacist visits",
          "dietitian visits every week", "acupressure wristbands", "ginger capsules", "carbohydrate drinks before surgery", "financial incentives", "nicotine patches",
          "longer sessions", "magnesium tablets", "daily emollients", "wet wraps", "bleach baths", "anaesthetic ear drops", "protein supplements", "silicone dressings",
          "family visits on the first day", "earplugs at night", "reminder letters", "peer educators", "fissure sealants", "iron tablets on alternate days",
          "sound enrichment devices", "retraining sessions with an audiologist", "hearing aids", "night splints", "moulded insoles", "graduated stockings", "warm lid compresses",
          "omega-3 capsules", "humid goggles", "outdoor lessons", "low-dose atropine drops", "multifocal lenses", "ice packs on the neck", "lidocaine plasters", "capsaicin patches",
          "scopolamine patches", "grass pollen tablets", "desmopressin melts", "ice lollies", "home calls by a midwife", "antenatal classes on latching", "vestibular drills",
          "chlorinated flasks", "bismuth chews", "battery-heated gloves", "hand warming drills"}


def topics(text):
    rows = []
    for line in text.strip().splitlines():
        heading, population, interventions, comparisons, outcomes = line.split("|")
        parsed = []
        for outcome in outcomes.split(";"):
            name, direction, unit, low, high = outcome.split(":")
            parsed.append({"name": name, "less": direction == "-", "unit": unit, "low": float(low), "high": float(high),
                           "digits": max(len(part.partition(".")[2]) for part in (low, high))})
        rows.append({"heading": heading, "population": population, "interventions": interventions.split(";"), "comparisons": comparisons.split(";"),
                     "outcomes": parsed})
    return rows


def triples(text):
    return [tuple(line.split("|")) for line in text.strip().splitlines()]
