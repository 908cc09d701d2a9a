package profile

// CodeSystem is the FHIR resource.
type CodeSystem struct {
	head
	CaseSensitive bool          `json:"caseSensitive"`
	ValueSet      string        `json:"valueSet"`
	Content       string        `json:"content"`
	Count         int           `json:"count"`
	Concept       []CodeConcept `json:"concept"`
}

// CodeConcept is a code with its words.
type CodeConcept struct {
	Code        string        `json:"code"`
	Display     string        `json:"display"`
	Designation []Designation `json:"designation,omitempty"`
}

// Designation is the words in another language.
type Designation struct {
	Language string `json:"language"`
	Value    string `json:"value"`
}

// ValueSet is the FHIR resource.
type ValueSet struct {
	head
	Compose Compose `json:"compose"`
}

// Compose is what the set is made of.
type Compose struct {
	Include []Include `json:"include"`
}

// Include is codes of one system: all, or those named.
type Include struct {
	System  string        `json:"system"`
	Concept []CodeConcept `json:"concept,omitempty"`
}

// word is a code in Russian, Kyrgyz and English.
type word struct{ code, ru, ky, en string }

type vocabulary struct {
	id, title, about string
	words            []word
}

// systems are our own codes, as the card's tables hold them.
var systems = []vocabulary{
	{"diagnosis-stage", "Стадия диагноза", "When in the stay a diagnosis was made.", []word{
		{"referral", "при направлении", "жолдомодо", "on referral"},
		{"admission", "при поступлении", "келгенде", "on admission"},
		{"clinical", "клинический", "клиникалык", "clinical"},
		{"final", "заключительный", "жыйынтыктоочу", "final"},
		{"postmortem", "патологоанатомический", "патологоанатомиялык", "post-mortem"},
	}},
	{"diagnosis-rank", "Место диагноза", "What a diagnosis is beside the others of its stage.", []word{
		{"main", "основной", "негизги", "main"},
		{"complication", "осложнение", "татаалдашуу", "complication"},
		{"comorbid", "сопутствующий", "коштоочу", "comorbid"},
	}},
	{"brought-by", "Кем доставлен", "How the patient came to the hospital (form 003/у).", []word{
		{"self", "обратился сам", "өзү келген", "came by themselves"},
		{"ambulance", "скорая помощь", "тез жардам", "ambulance"},
		{"referral", "по направлению", "жолдомо менен", "by referral"},
		{"other", "иначе", "башкача", "otherwise"},
	}},
	{"hospitalization-outcome", "Исход госпитализации", "How the stay ended (form 066/у).", []word{
		{"discharged", "выписан", "чыгарылды", "discharged"},
		{"transferred", "переведён", "которулду", "transferred"},
		{"died", "умер", "каза болду", "died"},
	}},
	{"hospitalization-result", "Результат лечения", "What became of the illness (form 066/у).", []word{
		{"recovered", "выздоровление", "айыкты", "recovered"},
		{"improved", "улучшение", "жакшырды", "improved"},
		{"unchanged", "без изменений", "өзгөрүүсүз", "unchanged"},
		{"worse", "ухудшение", "начарлады", "worse"},
	}},
	{"request", "Вид назначения", "What is asked for: of another service (laboratory, imaging, consultation), or of the ward (test, procedure).", []word{
		{"laboratory", "лабораторное исследование", "лабораториялык изилдөө", "laboratory"},
		{"imaging", "лучевая диагностика", "нур диагностикасы", "imaging"},
		{"consultation", "консультация", "консультация", "consultation"},
		{"test", "исследование в отделении", "бөлүмдөгү изилдөө", "test in the ward"},
		{"procedure", "процедура", "процедура", "procedure"},
	}},
	{"body-side", "Сторона тела", "The side of the body that an operation was done on.", []word{
		{"left", "слева", "сол", "left"},
		{"right", "справа", "оң", "right"},
		{"both", "с обеих сторон", "эки жагы тең", "both sides"},
	}},
	{"claim-item", "Что оплачивается", "What a claim to the fund is for.", []word{
		{"treated-case", "пролеченный случай", "дарыланган учур", "treated case"},
	}},
	{"consent-kind", "На что согласие", "What a patient agrees to, or that they refuse.", []word{
		{"treatment", "согласие на лечение", "дарылоого макулдук", "consent to treatment"},
		{"operation", "согласие на операцию", "операцияга макулдук", "consent to an operation"},
		{"anaesthesia", "согласие на анестезию", "оорутпоого макулдук", "consent to anaesthesia"},
		{"transfusion", "согласие на переливание крови", "кан куюуга макулдук", "consent to a transfusion"},
		{"procedure", "согласие на процедуру", "процедурага макулдук", "consent to a procedure"},
		{"data", "согласие на обработку данных", "маалыматтарды иштетүүгө макулдук", "consent to data processing"},
		{"refusal", "отказ", "баш тартуу", "refusal"},
	}},
	{"referral-form", "Форма направления", "The form on which a patient is referred to another organisation.", []word{
		{"057", "форма 057/у", "057/у формасы", "form 057/у"},
		{"028", "форма 028/у", "028/у формасы", "form 028/у"},
	}},
	{"referral-purpose", "Цель направления", "What a patient is referred for.", []word{
		{"hospitalisation", "госпитализация", "ооруканага жаткыруу", "hospitalisation"},
		{"consultation", "консультация", "консультация", "consultation"},
		{"examination", "обследование", "текшерүү", "examination"},
	}},
	{"referral-state", "Состояние направления", "How far a referral has come.", []word{
		{"sent", "отправлено", "жөнөтүлдү", "sent"},
		{"accepted", "принято", "кабыл алынды", "accepted"},
		{"not_come", "пациент не явился", "бейтап келген жок", "the patient did not come"},
		{"admitted", "госпитализирован", "ооруканага жаткырылды", "admitted"},
		{"answered", "дано заключение", "корутунду берилди", "answered"},
		{"refused", "отказано", "четке кагылды", "refused"},
		{"redirected", "перенаправлено", "башка жакка жөнөтүлдү", "redirected"},
		{"withdrawn", "отозвано", "кайра чакырылды", "withdrawn"},
		{"expired", "истёк срок", "мөөнөтү бүттү", "expired"},
	}},
	{"referral-output", "Что вышло из направления", "What a task of a referral has brought.", []word{
		{"appointment", "когда ждут", "качан күтүшөт", "when the patient is awaited"},
		{"conclusion", "заключение", "корутунду", "conclusion"},
		{"stay", "госпитализация", "ооруканага жаткыруу", "stay"},
	}},
}

func (v vocabulary) system() CodeSystem {
	s := CodeSystem{
		head: headed("CodeSystem", v.id, v.title, v.about), CaseSensitive: true, ValueSet: Canonical + "/ValueSet/" + v.id, Content: "complete",
		Count: len(v.words),
	}
	for _, w := range v.words {
		s.Concept = append(s.Concept, CodeConcept{w.code, w.ru, []Designation{{"ky", w.ky}, {"en", w.en}}})
	}
	return s
}

// valueSets are all codes of each of our systems, and some of others'.
func valueSets() []ValueSet {
	var all []ValueSet
	for _, v := range systems {
		all = append(all, ValueSet{headed("ValueSet", v.id, v.title, v.about), Compose{[]Include{{System: Canonical + "/CodeSystem/" + v.id}}}})
	}
	return append(all,
		ValueSet{
			headed("ValueSet", "stay-priority", "Вид госпитализации", "Planned or emergency."),
			Compose{[]Include{{hl7 + "v3-ActPriority", []CodeConcept{{"EL", "elective", nil}, {"EM", "emergency", nil}}}}},
		},
		ValueSet{
			headed("ValueSet", "stay-document", "Документы госпитализации", "Form 003/у whole, and its discharge epicrisis."),
			Compose{[]Include{{loinc, []CodeConcept{{"11503-0", "Medical records", nil}, {"18842-5", "Discharge summary", nil}}}}},
		},
		ValueSet{
			headed("ValueSet", "consent-scope", "Область согласия", "Treatment, or what is done with the patient's data."),
			Compose{[]Include{{hl7 + "consentscope", []CodeConcept{{"treatment", "Treatment", nil}, {"patient-privacy", "Privacy Consent", nil}}}}},
		},
		ValueSet{
			headed("ValueSet", "exchange-card-state", "Состояние обменной карты", "Preliminary while the pregnancy is under observation, final when it has ended."),
			Compose{[]Include{{"http://hl7.org/fhir/composition-status", []CodeConcept{{"preliminary", "Preliminary", nil}, {"final", "Final", nil}}}}},
		},
		ValueSet{
			headed("ValueSet", "exchange-card-section", "Разделы обменной карты", "The sections of form 113/у, by LOINC."),
			Compose{[]Include{{loinc, []CodeConcept{
				{"57060-6", "Estimated date of delivery", nil},
				{"10162-6", "History of pregnancies Narrative", nil},
				{"48765-2", "Allergies and adverse reactions Document", nil},
				{"57059-8", "Pregnancy visit summary", nil},
				{"30954-2", "Relevant diagnostic tests/laboratory data Narrative", nil},
				{"57074-7", "Labor and delivery process Narrative", nil},
				{"57075-4", "Newborn delivery information", nil},
			}}}},
		},
		ValueSet{
			headed("ValueSet", "icd-10", "МКБ-10", "Codes of ICD-10 that may stand as a diagnosis, as the card's table has them."),
			Compose{[]Include{{"http://hl7.org/fhir/sid/icd-10", nil}}},
		},
		ValueSet{
			headed("ValueSet", "bed-state", "Состояние койки", "As the ward keeps it."),
			Compose{[]Include{{hl7 + "v2-0116", []CodeConcept{{"U", "Unoccupied", nil}, {"O", "Occupied", nil}, {"H", "Housekeeping", nil}, {"C", "Closed", nil}}}}},
		},
	)
}

// Codes are our own code systems.
func Codes() []CodeSystem {
	all := make([]CodeSystem, 0, len(systems))
	for _, v := range systems {
		all = append(all, v.system())
	}
	return all
}

// Sets are our value sets.
func Sets() []ValueSet { return valueSets() }
