# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Passages on anatomy, physiology, biochemistry, microbiology and method, written for this project. One passage a paragraph."""

TEXT = """
The heart is a muscular pump with four chambers. Venous blood reaches the right atrium through the two caval veins, passes the tricuspid valve into the right ventricle and is sent to the lungs. Oxygenated blood returns through the pulmonary veins to the left atrium, crosses the mitral valve and is ejected by the left ventricle into the aorta. The wall of the left ventricle is about three times as thick as that of the right, because it works against a far higher pressure.

Each heartbeat begins in the sinoatrial node, a small group of cells high in the right atrium that depolarise on their own. The impulse spreads through both atria, is delayed for about a tenth of a second in the atrioventricular node, and then runs down the bundle of His and the Purkinje fibres to the ventricles. On the electrocardiogram the P wave marks activation of the atria, the QRS complex activation of the ventricles, and the T wave their recovery.

Cardiac output is the product of heart rate and stroke volume. At rest an adult pumps about five litres of blood each minute; a trained athlete may reach 25 L/min or more during heavy exercise. Stroke volume depends on the filling of the ventricle, the strength of contraction and the resistance against which blood is ejected. The law of Frank and Starling says that a ventricle which is filled more will, within limits, contract with more force.

Air enters through the nose, where it is warmed, moistened and filtered, and moves down the trachea into two main bronchi. The airways branch some 23 times before they end in about 300 million alveoli, whose total surface is roughly 70 m². The barrier between air and blood is less than 1 µm thick, so oxygen and carbon dioxide cross it quickly by diffusion alone.

Oxygen is carried in the blood almost wholly by haemoglobin. The curve that relates saturation to partial pressure has the shape of an S: it is flat at high pressures, so that a modest fall in the lungs changes saturation little, and steep at the pressures found in tissues, so that oxygen is easily given up. Acid, heat and carbon dioxide shift the curve to the right and help unloading in working muscle.

Breathing is driven by neurons in the brainstem. Central chemoreceptors respond to the acidity of the cerebrospinal fluid, which follows the carbon dioxide of arterial blood, while peripheral chemoreceptors in the carotid bodies respond to low oxygen. In a healthy person a rise of carbon dioxide is a much stronger stimulus than a fall of oxygen.

Surfactant is a mixture of phospholipids and proteins made by type II cells of the alveoli. It lowers surface tension, keeps small alveoli from collapsing and eases the work of breathing. Babies born long before term may lack it, and treatment with surfactant through the airway has saved many of them.

Each kidney holds about one million nephrons. In the glomerulus, blood pressure drives water and small solutes through a filter of fenestrated endothelium, basement membrane and podocytes. About 180 litres of filtrate are formed each day, and more than 99% of it is reabsorbed by the tubules. The proximal tubule takes back most of the glucose, amino acids, sodium and bicarbonate.

The loop of Henle builds a gradient of salt in the medulla of the kidney. Water leaves the thin descending limb, whereas the thick ascending limb pumps out salt but is impermeable to water. When vasopressin opens water channels in the collecting duct, water follows the gradient and the urine becomes concentrated; without the hormone the urine is dilute.

The kidney also works as an endocrine organ. It makes erythropoietin when tissue oxygen is low, activates vitamin D by a second hydroxylation, and releases renin when blood pressure or salt delivery falls. Renin splits angiotensinogen, and the angiotensin II that results narrows arterioles and stimulates the adrenal cortex to release aldosterone.

The normal pH of arterial blood lies between 7.35 and 7.45. A fall of bicarbonate is called metabolic acidosis, and the lungs answer it by blowing off carbon dioxide. A rise of carbon dioxide is called respiratory acidosis, and the kidneys answer it over days by keeping bicarbonate. The anion gap, sodium minus the sum of chloride and bicarbonate, helps to find the cause of a metabolic acidosis.

Digestion starts in the mouth, where amylase of the saliva attacks starch. The stomach adds hydrochloric acid and pepsin and churns its contents to chyme. In the duodenum, bile salts break fat into fine droplets, and pancreatic lipase, amylase and proteases complete the work. Most nutrients are absorbed in the jejunum; vitamin B12 and bile salts are taken up in the terminal ileum.

The liver receives blood from two sources: the portal vein, which brings nutrients from the gut, and the hepatic artery. It stores glycogen, makes albumin and clotting factors, converts ammonia to urea, and makes many drugs more soluble so that they can leave the body. Bilirubin from old red cells is bound to glucuronic acid in the liver and passes with bile into the gut.

Insulin is made by the beta cells of the pancreatic islets. When glucose enters the cell, the rise of ATP closes potassium channels, the membrane depolarises, calcium enters, and vesicles release the hormone. Insulin moves glucose transporters to the surface of muscle and fat cells, promotes storage as glycogen and fat, and restrains the liver from making new glucose. Glucagon does the opposite.

The thyroid gland takes up iodide, binds it to tyrosine residues of thyroglobulin and stores the result in follicles. Thyroxine has four atoms of iodine, and the more active triiodothyronine has three. The pituitary hormone TSH drives the gland and is itself restrained by thyroid hormone; this negative feedback keeps blood levels within a narrow range.

Calcium in the blood is kept near 2.4 mmol/L by parathyroid hormone and vitamin D. When calcium falls, parathyroid hormone releases it from bone, saves it in the kidney and activates vitamin D, which increases absorption from the gut. Low calcium makes nerves and muscles too excitable and may cause tingling, cramps and seizures.

The cortex of the adrenal gland has three layers. The outer zone makes aldosterone, which saves sodium and loses potassium; the middle zone makes cortisol, which supports blood pressure and glucose during stress; the inner zone makes weak androgens. The medulla releases adrenaline and noradrenaline within seconds of alarm.

A neuron at rest has a voltage of about −70 mV across its membrane. When the membrane is depolarised to threshold, voltage-gated sodium channels open and the voltage shoots up to about +30 mV; then sodium channels close and potassium flows out. Myelin lets the impulse jump from one node of Ranvier to the next, which makes conduction fast.

At a chemical synapse, the arriving impulse opens calcium channels and vesicles release their transmitter into a cleft about 20 nm wide. Glutamate excites most neurons of the brain, GABA inhibits them. Transmitters are removed by diffusion, by enzymes such as acetylcholinesterase, or by carriers that many drugs block.

The cerebral cortex is divided into four lobes. The frontal lobe plans and starts movement, the parietal lobe maps the body and space, the temporal lobe serves hearing and memory, and the occipital lobe serves vision. In most people language depends on the left hemisphere: an injury of Broca's area makes speech halting, an injury of Wernicke's area makes it fluent but empty of sense.

The cerebellum compares what was intended with what was done and corrects the difference. Damage to it does not weaken muscles but makes movement clumsy: the gait is wide, the finger overshoots its target, and speech is slurred. Alcohol affects the cerebellum early, which is why drunken people sway.

Twelve pairs of cranial nerves leave the brain. The optic nerve carries vision; the third, fourth and sixth nerves move the eyes; the trigeminal nerve carries feeling from the face; the facial nerve moves it. The vagus nerve slows the heart and serves the gut. Testing these nerves in order is a quick way to find a lesion in the brainstem.

Skeletal muscle is made of sarcomeres, in which thin filaments of actin slide past thick filaments of myosin. Calcium released from the sarcoplasmic reticulum binds to troponin and uncovers the sites to which myosin attaches. Each stroke of a myosin head costs one molecule of ATP, and without ATP the heads cannot let go, which explains the stiffness after death.

Bone is living tissue. Osteoclasts dissolve old bone, and osteoblasts lay down new matrix that later mineralises. In young adults the two processes are in balance; after the menopause, loss of oestrogen tips the balance towards resorption. Mechanical load strengthens bone, and weightlessness weakens it.

Blood consists of plasma and cells. Red cells carry oxygen and live for about 120 days; platelets plug small holes in vessels; white cells defend the body. All of them come from stem cells of the bone marrow. Neutrophils arrive first at a site of infection, while lymphocytes provide defence that is specific and lasting.

Haemostasis begins when platelets stick to collagen through von Willebrand factor. Tissue factor starts the clotting cascade, thrombin turns fibrinogen into fibrin, and factor XIII links the strands. Antithrombin, protein C and protein S hold the process in check, and plasmin later dissolves the clot. The prothrombin time tests the extrinsic pathway, the activated partial thromboplastin time the intrinsic one.

Innate immunity reacts within minutes to patterns that microbes share, such as lipopolysaccharide, and needs no earlier contact. Adaptive immunity needs days but remembers. B cells make antibodies; CD8-positive T cells kill infected cells; CD4-positive T cells help both. Vaccines teach the adaptive system without the danger of the disease.

There are five classes of antibodies. IgM appears first after infection, IgG is the most abundant in blood and crosses the placenta, IgA protects mucous membranes, IgE binds to mast cells and takes part in allergy and defence against worms, and IgD is found on the surface of B cells.

The skin has three layers. The epidermis renews itself about every four weeks from a basal layer; the dermis holds collagen, vessels and nerves; the fat below stores energy and keeps warmth in. Melanocytes make pigment that absorbs ultraviolet light. Sweat cools the body: the evaporation of one litre takes away about 2,400 kJ.

Light enters the eye through the cornea, which does most of the focusing, and the lens adjusts for near objects. Rods of the retina work in dim light, cones in bright light and colour. The fovea holds cones only and gives the sharpest vision. Fibres from the nasal half of each retina cross in the optic chiasm, so that each side of the brain sees the opposite half of the world.

Sound moves the eardrum, and three small bones pass the motion to the fluid of the cochlea. Hair cells along the basilar membrane turn the motion into nerve impulses: high tones near the base, low tones near the apex. Loud noise destroys hair cells, and in humans they do not grow back.

The menstrual cycle is governed by the pituitary gland and the ovary. FSH makes follicles grow; rising oestrogen thickens the lining of the womb and then triggers a surge of LH, which releases the egg. The empty follicle becomes the corpus luteum and makes progesterone. If no pregnancy follows, hormone levels fall and the lining is shed.

The placenta brings the blood of mother and fetus close together without mixing them. Oxygen, glucose and antibodies of class IgG pass to the fetus; carbon dioxide and urea pass back. Fetal haemoglobin binds oxygen more tightly than adult haemoglobin and so can take it from the mother's blood. At birth the first breaths lower the resistance of the lungs, and the foramen ovale closes.

Glycolysis splits one molecule of glucose into two of pyruvate and yields two molecules of ATP without oxygen. In mitochondria the citric acid cycle completes the breakdown, and the respiratory chain passes electrons to oxygen while protons are pumped across the inner membrane. The flow of protons back through ATP synthase makes most of the cell's ATP.

DNA carries genetic information in the order of four bases. Adenine pairs with thymine, guanine with cytosine. A gene is copied to messenger RNA in the nucleus, introns are removed, and ribosomes translate groups of three bases into amino acids. A change of a single base may be silent, may change one amino acid, or may stop the protein short.

In autosomal dominant inheritance one faulty copy of a gene is enough, and each child of an affected parent has a chance of one half. In recessive inheritance both copies must be faulty; when both parents are healthy carriers, one child in four is affected on average. X-linked recessive diseases affect mainly boys, who receive the faulty gene from their mother.

Cells divide in an ordered cycle with checkpoints. Proto-oncogenes push the cycle forward; tumour suppressor genes such as TP53 and RB1 hold it back and can order a damaged cell to die. Cancer arises when several such controls fail in one line of cells, which then grows, invades its surroundings and may spread by lymph or blood.

Bacteria are divided by the Gram stain. Gram-positive bacteria have a thick wall of peptidoglycan and stain violet; Gram-negative ones have a thin wall beneath an outer membrane and stain pink. Staphylococci lie in clusters and streptococci in chains. The outer membrane carries lipopolysaccharide, which causes fever and shock when it enters the blood.

Bacteria become resistant to antibiotics in several ways: they destroy the drug with enzymes such as β-lactamase, change its target, pump it out, or let less of it in. Resistance genes travel on plasmids from one species to another. Using antibiotics only when they help, and for no longer than needed, slows the process.

Viruses can multiply only inside cells. They attach to a receptor, enter, release their genome and make the cell produce new particles. RNA viruses copy themselves with many errors and change fast; retroviruses turn RNA into DNA and build it into the chromosomes of the host. Antibiotics have no effect on viruses.

After a drug is swallowed it is absorbed from the gut, passes through the liver, spreads through the body, is changed by enzymes and leaves with urine or bile. The half-life is the time in which its concentration falls by half. With regular doses a steady state is reached after about four to five half-lives.

Many drugs are broken down by enzymes of the cytochrome P450 family. An inhibitor of the enzyme raises the level of the drug within hours or days; an inducer such as rifampicin lowers it over one or two weeks. People differ in these enzymes by birth, which explains part of the variation in response.

In a randomised controlled trial, chance alone decides which treatment each participant receives, so that known and unknown factors are balanced between groups. Blinding keeps expectations from colouring the result. Analysis by intention to treat keeps every participant in the group to which he or she was assigned.

A p value is the probability of data at least as extreme as those observed if there were truly no difference. It does not tell how large or how important an effect is. A confidence interval shows the range of effects that fit the data: a narrow interval speaks for precision, and an interval that includes zero means that chance remains a possible explanation.

A small study may miss a real effect because it has too little power. Failure to find a difference is therefore not proof that none exists. Before a trial begins, the number of participants is chosen so that an effect worth having would be found with a probability of 80% or 90%.

Sensitivity is the share of people with a disease in whom the test is positive; specificity is the share of people without it in whom the test is negative. The predictive value of a positive result depends also on how common the disease is: in a population where it is rare, most positive results of even a good test may be false.

In a cohort study people with and without an exposure are followed over time; in a case-control study people with and without a disease are asked about past exposures. Both can show an association, but confounding by a third factor may explain it. Coffee drinkers, for instance, once seemed to have more lung cancer only because more of them smoked.

Absolute and relative risk should be told apart. If a treatment lowers the risk of an event from 2% to 1%, the relative reduction is one half, but 100 people must be treated for one to benefit. The number needed to treat is the inverse of the absolute reduction.

Screening looks for disease in people without symptoms. It is of use only when the disease is serious, early treatment works better than late treatment, and the test is safe and acceptable. Lead time makes survival after screening look longer even if nobody lives longer, so trials must count deaths.

Fever is an upward shift of the set point of body temperature, caused by prostaglandin E2 in the hypothalamus. Shivering and narrow skin vessels bring the temperature up to the new point; sweating brings it down when the fever breaks. A temperature of 38 °C or more is usually called fever; above 40 °C confusion may occur.

A wound heals in phases. First a clot seals it; then neutrophils and macrophages clear bacteria and debris; then fibroblasts lay down collagen and new vessels grow in; at last the scar is remodelled for months. Diabetes, smoking, steroids and poor nutrition slow each of these steps.

Shock is a state in which the circulation does not deliver enough oxygen to tissues. Blood loss causes hypovolaemic shock, a failing heart cardiogenic shock, a blocked circulation obstructive shock, and widened vessels distributive shock, as in sepsis and anaphylaxis. Cold skin, a fast pulse, little urine and a raised lactate are common signs.

Sodium is the main cation outside cells and potassium the main cation within. A serum sodium below 135 mmol/L is hyponatraemia; when it falls fast, water enters the brain and seizures may follow. It must be corrected slowly, because a rapid rise can damage the pons. A potassium above 6.5 mmol/L can stop the heart and is treated at once with calcium, insulin and glucose.

Vitamin C is needed to make stable collagen, and its lack causes scurvy with bleeding gums. Lack of vitamin D softens bones, lack of thiamine damages heart and nerves, lack of vitamin A impairs vision at night, and lack of folate in early pregnancy raises the risk of neural tube defects. Fat-soluble vitamins are stored and may be toxic in excess.

The spleen filters old red cells from the blood and makes antibodies against bacteria with capsules. People without a spleen are at risk of overwhelming infection with Streptococcus pneumoniae and are therefore vaccinated. Lymph nodes filter lymph in the same spirit: they swell when lymphocytes multiply in response to infection nearby.

The biceps bends the elbow and turns the palm upwards; the triceps straightens the elbow. The deltoid lifts the arm to the side after the supraspinatus has begun the movement. Four muscles of the rotator cuff hold the round head of the humerus in its shallow socket, and tears of their tendons are a common cause of shoulder pain in later life.

The spine has seven cervical, twelve thoracic, five lumbar, five fused sacral and a few coccygeal vertebrae. Discs between them act as cushions. A disc that bulges backwards in the lumbar region may press on a nerve root and cause pain that runs down the leg. Loss of bladder control or numbness between the legs is an emergency.
"""


def load():
    return [paragraph.strip().replace("\n", " ") for paragraph in TEXT.strip().split("\n\n")]
