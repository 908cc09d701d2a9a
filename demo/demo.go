// Package demo holds the invented people and organisations of the demo, as
// plain data. Each system takes from it what is its own. Nobody here lives.
package demo

import (
	"slices"

	"github.com/sanarip/sanarip/kit/text"
)

// Person is somebody of the demo.
type Person struct {
	PIN        string
	FamilyName string
	GivenName  string
	Patronymic string
	Passport   string // series and number: ID1234567
	Region     string // СОАТЕ
	Address    string
	Rural      bool
	Email      string
	Phone      string
	Lang       text.Lang
	// Account says that the person has an account at ЕСИ, with Password and the
	// authenticator's TOTP secret (base32); without a secret codes come by SMS.
	Account bool
	TOTP    string
}

// Name is surname, given name, patronymic.
func (p Person) Name() string {
	if p.Patronymic == "" {
		return p.FamilyName + " " + p.GivenName
	}
	return p.FamilyName + " " + p.GivenName + " " + p.Patronymic
}

// Password is everybody's password in the demo (ID-14 holds for it).
const Password = "Sanarip-2026"

// The people who sign in.
var (
	Doctor   = Person{"11503198500123", "Асанова", "Айгүл", "Маратовна", "ID1000123", "41711000000000", "Бишкек ш., Токтогул көч., 112-15", false, "asanova@demo.sanarip.example", "+996700100123", text.RU, true, ""}
	Head     = Person{"20207197800045", "Токтогулов", "Бакыт", "Эсенович", "ID1000045", "41711000000000", "Бишкек ш., Чүй просп., 88-4", false, "toktogulov@demo.sanarip.example", "+996700100045", text.RU, true, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}
	Surgeon  = Person{"20711199000377", "Исаков", "Данияр", "Кубанычович", "ID1000377", "41711000000000", "Бишкек ш., Манас просп., 40-21", false, "isakov@demo.sanarip.example", "+996700100377", text.KY, true, ""}
	Nurse    = Person{"12905199300264", "Мамытова", "Жибек", "Таалайбековна", "ID1000264", "41711000000000", "Бишкек ш., Ахунбаев көч., 7-3", false, "mamytova@demo.sanarip.example", "+996700100264", text.KY, true, ""}
	Expert   = Person{"12511199000088", "Орозбекова", "Нургүл", "Асановна", "ID1000088", "41711000000000", "Бишкек ш., Киев көч., 77-9", false, "orozbekova@demo.sanarip.example", "+996700100088", text.RU, true, ""}
	Operator = Person{"20806198800156", "Сыдыков", "Тимур", "Рустамович", "ID1000156", "41711000000000", "Бишкек ш., Боконбаев көч., 15-2", false, "sydykov@demo.sanarip.example", "+996700100156", text.RU, true, ""}
	Manager  = Person{"11112197500031", "Бейшеналиева", "Гүлнара", "Сапарбековна", "ID1000031", "41711000000000", "Бишкек ш., Жибек Жолу просп., 300-44", false, "beishenalieva@demo.sanarip.example", "+996700100031", text.RU, true, ""}
	Clerk    = Person{"10408198400512", "Асылбекова", "Назгүл", "Эркиновна", "ID1000512", "41708203000000", "Чүй обл., Аламүдүн району, Лебединовка айылы, Мир көч., 21", true, "asylbekova@demo.sanarip.example", "+996700100512", text.KY, true, ""}
	Patient  = Person{"21209196000217", "Жумабеков", "Эрмек", "Асанович", "ID1000217", "41708222000000", "Чүй обл., Сокулук району, Сокулук айылы, Ленин көч., 5", true, "jumabekov@demo.sanarip.example", "+996700100217", text.KY, true, ""}
)

// Heads of departments whom the register of staff knows and who do not sign in
// in the demo.
var (
	HeadOfSurgery    = Person{"20505197700391", "Жолдошев", "Мирлан", "Турдубекович", "ID1000391", "41711000000000", "Бишкек ш., Тыныстанов көч., 21-6", false, "", "", text.KY, false, ""}
	DoctorInChui     = Person{"20312198200733", "Кененсариев", "Азизбек", "Турганбаевич", "ID1000733", "41708000000000", "Чүй обл., Кант ш., Ленин көч., 14", false, "", "", text.KY, false, ""}
	HeadInChui       = Person{"12806197100288", "Бообекова", "Зарина", "Аскаровна", "ID1000288", "41708000000000", "Чүй обл., Токмок ш., Шамшинский көч., 2", false, "", "", text.KY, false, ""}
	HeadOfCardiology = Person{"12202198100402", "Абдыракманова", "Салтанат", "Муратовна", "ID1000402", "41711000000000", "Бишкек ш., Байтик Баатыр көч., 9-30", false, "", "", text.KY, false, ""}
	HeadOfMaternity  = Person{"11008197600459", "Мамбетова", "Анара", "Жолдошовна", "ID1000459", "41711000000000", "Бишкек ш., Турусбеков көч., 47-3", false, "", "", text.KY, false, ""}
)

// Colleague is a doctor of another hospital, to whom patients are referred and
// who refers them.
var Colleague = Person{"20504198800421", "Байтемиров", "Азамат", "Шаршенович", "ID1000421", "41711000000000", "Бишкек ш., Ибраимов көч., 24-12", false, "baitemirov@demo.sanarip.example", "+996700100421", text.KY, true, ""}

// Residents are further people whom the population register knows.
var Residents = []Person{
	{"10304199200551", "Кадырова", "Мээрим", "Болотовна", "ID1000551", "41711000000000", "Бишкек ш., Горький көч., 12-7", false, "", "", text.KY, false, ""},
	{"20101195500712", "Ибраимов", "Сагын", "Токтосунович", "AN2000712", "41708222000000", "Чүй обл., Сокулук району, Шопоков ш.", false, "", "", text.KY, false, ""},
	{"11906198700634", "Петрова", "Елена", "Сергеевна", "ID1000634", "41711000000000", "г. Бишкек, ул. Советская, 201-5", false, "", "", text.RU, false, ""},
	{"22408200100945", "Усенов", "Нурлан", "Жаныбекович", "ID1000945", "41711000000000", "Бишкек ш., Алматы көч., 4", false, "", "", text.KY, false, ""},
	{"10905196600828", "Сулайманова", "Бурул", "Акматовна", "AN2000828", "41708203000000", "Чүй обл., Аламүдүн району", true, "", "", text.KY, false, ""},
	{"23010197300419", "Ким", "Андрей", "Викторович", "ID1000419", "41711000000000", "г. Бишкек, ул. Ибраимова, 115-32", false, "", "", text.RU, false, ""},
	{"11407199900563", "Эгембердиева", "Өкүл", "Үсөнбековна", "ID1000563", "41711000000000", "Бишкек ш., Ыссык-Көл көч., 8", false, "", "", text.KY, false, ""},
	{"21203198200670", "Рахимов", "Шухрат", "Алишерович", "ID1000670", "41711000000000", "Бишкек ш., Сухэ-Батор көч., 3-11", false, "", "", text.RU, false, ""},
}

// Obstetrician works in a clinic of primary care, in its antenatal department.
var Obstetrician = Person{"11605198100345", "Турдалиева", "Чынара", "Бейшеновна", "ID1000345", "41711000000000", "Бишкек ш., Панфилов көч., 178-9", false, "turdalieva@demo.sanarip.example", "+996700100345", text.KY, true, ""}

// Chief is the chief physician of the first hospital: treats nobody, reads with a
// reason.
var Chief = Person{"20904197100318", "Осмонов", "Кубат", "Жаныбекович", "ID1000971", "41711000000000", "Бишкек ш., Абдрахманов көч., 150-9", false, "osmonov@demo.sanarip.example", "+996700100971", text.KY, true, ""}

// SecondExpert decides in the fund what Expert may not: who returned a case does
// not decide on the appeal against it.
var SecondExpert = Person{"22803198100437", "Эсенбеков", "Талант", "Жумадилович", "ID1000437", "41711000000000", "Бишкек ш., Раззаков көч., 32-15", false, "esenbekov@demo.sanarip.example", "+996700100437", text.KY, true, ""}

// Statistician keeps the forms of the hospital that runs the card.
var Statistician = Person{"12306198900318", "Кожомбердиева", "Айнура", "Сатыбалдыевна", "ID1000318", "41711000000000", "Бишкек ш., Исанов көч., 143-27", false, "kojomberdieva@demo.sanarip.example", "+996700100318", text.RU, true, ""}

// Officer of the ministry of health reads НИСУР and keeps its register.
var Officer = Person{"21609198200462", "Алыкулов", "Медер", "Жолдошбекович", "ID1000462", "41711000000000", "Бишкек ш., Абдымомунов көч., 205-11", false, "alykulov@demo.sanarip.example", "+996700100462", text.KY, true, ""}

// Discharged are people who lay in the hospital before and have gone home.
var Discharged = []Person{
	{"11204197500816", "Молдобаева", "Сайкал", "Эсенкуловна", "ID1000816", "41711000000000", "Бишкек ш., Медеров көч., 44-16", false, "", "", text.KY, false, ""},
	{"22811196800725", "Дюшеналиев", "Кубат", "Асылбекович", "AN2000725", "41708222000000", "Чүй обл., Сокулук району, Кызыл-Туу айылы", true, "", "", text.KY, false, ""},
	{"10902199100607", "Ниязова", "Жылдыз", "Абдыманаповна", "ID1000607", "41711000000000", "Бишкек ш., Гоголь көч., 90-3", false, "", "", text.KY, false, ""},
	{"20712195300944", "Захаров", "Виктор", "Павлович", "AN2000944", "41711000000000", "г. Бишкек, ул. Льва Толстого, 36-52", false, "", "", text.RU, false, ""},
	{"21805200200538", "Токторалиев", "Эржан", "Нурдинович", "ID1000538", "41711000000000", "Бишкек ш., Карасаев көч., 9-41", false, "", "", text.KY, false, ""},
	{"12501196000429", "Жээнбекова", "Орозбүбү", "Кадыровна", "AN2000429", "41708203000000", "Чүй обл., Аламүдүн району, Маевка айылы", true, "", "", text.KY, false, ""},
	{"20603198400871", "Юсупов", "Бахтияр", "Собирович", "ID1000871", "41711000000000", "Бишкек ш., Фучик көч., 17-8", false, "", "", text.RU, false, ""},
	{"21410194700352", "Сарыгулов", "Жумабек", "Мамбетович", "AN2000352", "41711000000000", "Бишкек ш., Кольбаев көч., 5-20", false, "", "", text.KY, false, ""},
}

// Referred are people whom one hospital sends to another.
var Referred = []Person{
	{"10203198500734", "Акматова", "Гүлмира", "Кубанычевна", "ID1000734", "41711000000000", "Бишкек ш., Жукеев-Пудовкин көч., 61-4", false, "", "", text.KY, false, ""},
	{"21507195900288", "Тойчиев", "Бектур", "Маматович", "AN2000288", "41708203000000", "Чүй обл., Аламүдүн району, Ленинское айылы", true, "", "", text.KY, false, ""},
}

// Expecting is a woman whom the antenatal clinic keeps and who reads her exchange
// card at the portal, Mother one who gave birth in the hospital.
var (
	Expecting = Person{"11204199600217", "Садыкова", "Нургүл", "Талантовна", "ID1001217", "41711000000000", "Бишкек ш., Медеров көч., 44-17", false, "sadykova@demo.sanarip.example", "+996700101217", text.KY, true, ""}
	Mother    = Person{"12309199400385", "Осмонова", "Бегимай", "Канатовна", "ID1001385", "41711000000000", "Бишкек ш., Баха көч., 9-20", false, "", "", text.KY, false, ""}
)

// SignIns are the people with an account, in the order in which the start page
// shows them.
var SignIns = []Person{Doctor, Head, Surgeon, Nurse, Chief, Manager, Colleague, Obstetrician, Patient, Expecting, Clerk, Expert, SecondExpert, Operator, Statistician, Officer}

// People is everybody.
func People() []Person {
	return slices.Concat(SignIns, []Person{HeadOfSurgery, HeadOfCardiology, HeadOfMaternity, DoctorInChui, HeadInChui, Mother}, Residents, Referred, Discharged)
}

// Codes of the demo's organisations.
const (
	Hospital       = "950174" // the number in the order's own example (MC-5)
	SecondHospital = "950201"
	CityHospital   = "950312"
	Clinic         = "950501" // of primary care, with an antenatal department
	Fund           = "900001"
	OperatorOrg    = "900002"
	Ministry       = "900003"
	Therapy        = "18"
	Surgery        = "05"
	Cardiology     = "21"
	Maternity      = "12"
	Antenatal      = "31"
)
