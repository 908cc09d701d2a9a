package workforce

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/equipment"
	"github.com/sanarip/sanarip/system/workforce/internal/licence"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/post"
	"github.com/sanarip/sanarip/system/workforce/internal/responsible"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Demo writes the demo's organisations and posts. All of it is invented.
func (s *System) Demo(ctx context.Context) error {
	now := s.register.Clock.Now()
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, o := range demoOrganisations() {
			if o.Kind == "hospital" {
				o.From = clock.Date{Year: 1998, Month: 9, Day: 1}
			}
			if err := organisation.Keep(ctx, tx, o); err != nil {
				return err
			}
		}
		for i, o := range demoMerged() {
			if err := organisation.KeepVersion(ctx, tx, o, int64(i+1)); err != nil {
				return err
			}
		}
		for i, p := range demoPosts() {
			p.ID, p.At, p.From = fmt.Sprintf("demo-post-%02d", i+1), now, clock.Date{Year: 2024, Month: 9, Day: 1}
			if _, err := post.Insert(ctx, tx, p); err != nil {
				return err
			}
		}
		if err := demoPapers(ctx, tx, clock.DateOf(now)); err != nil {
			return err
		}
		return demoEquipment(ctx, tx, now)
	})
}

// demoPapers are licences, one of which runs out soon, and orders that name who
// answers for the roll-out in two of the hospitals.
func demoPapers(ctx context.Context, tx *sql.Tx, today clock.Date) error {
	soon := clock.DateOf(today.Start().AddDate(0, 1, 0))
	for _, l := range []licence.Licence{
		{ID: "demo-licence-1", Organisation: demo.Hospital, Number: "ДЕМО-0174", Kind: "medical", From: clock.Date{Year: 2019, Month: 4, Day: 15}},
		{ID: "demo-licence-2", Organisation: demo.Hospital, Number: "ДЕМО-Н-0052", Kind: "narcotics", From: clock.Date{Year: 2021, Month: 12, Day: 20}, Until: soon},
		{ID: "demo-licence-4", Organisation: demo.CityHospital, Number: "ДЕМО-0312", Kind: "medical", From: clock.Date{Year: 2022, Month: 6, Day: 1}},
		{ID: "demo-licence-3", Organisation: demo.SecondHospital, Number: "ДЕМО-0201", Kind: "medical", From: clock.Date{Year: 2020, Month: 2, Day: 3}},
	} {
		if err := licence.Seed(ctx, tx, l); err != nil {
			return err
		}
	}
	order := organisation.Order{Number: "214-к", Day: clock.Date{Year: 2025, Month: 11, Day: 12}}
	named := func(n int, p demo.Person, code string, duty workforceapi.Duty) responsible.Person {
		return responsible.Person{
			ID: fmt.Sprintf("demo-responsible-%d", n), Organisation: code, PIN: p.PIN, Name: p.Name(), Duty: duty,
			Phone: p.Phone, Order: order, From: order.Day,
		}
	}
	for _, p := range []responsible.Person{
		named(1, demo.Manager, demo.Hospital, workforceapi.RollOut),
		named(2, demo.Head, demo.Hospital, workforceapi.Monitoring),
		named(3, demo.Clerk, demo.SecondHospital, workforceapi.RollOut),
	} {
		if _, err := responsible.Insert(ctx, tx, p, time.Time{}, ""); err != nil {
			return err
		}
	}
	return nil
}

// demoEquipment are counts of a month ago, and the ministry's call for new ones.
func demoEquipment(ctx context.Context, tx *sql.Tx, now time.Time) error {
	earlier := now.AddDate(0, -1, 0)
	call := equipment.Call{
		ID: "demo-call", Since: clock.DateOf(now.AddDate(0, -2, 0)), Due: clock.DateOf(now.AddDate(0, 0, -7)),
		Source: "Приказ Минздрава (демо) № 741",
	}
	if _, err := equipment.InsertCall(ctx, tx, call, earlier, ""); err != nil {
		return err
	}
	for i, o := range demoOrganisations() {
		if o.Kind != "hospital" || i%5 == 4 { // some have not reported
			continue
		}
		handed := earlier
		if i%4 == 1 {
			handed = now.AddDate(0, 0, -2) // too late
		}
		r := equipment.Report{
			ID: "demo-equipment-" + o.Code, Organisation: o.Code, Number: 1, Day: clock.DateOf(earlier),
			Internet: equipment.Internets[1+i%3], At: handed, By: "—",
		}
		for n, d := range o.Departments {
			computers := 3 + (i*7+n*5)%9
			working := computers - (i+n)%3
			r.Lines = append(r.Lines, equipment.Line{Code: d.Code, Name: d.Name, Figures: equipment.Figures{
				Computers: computers, Working: working, Online: working - i%2, Printers: 1 + n%2, Doctors: 4 + (i*3+n)%5, Nurses: 8 + (i+n*3)%9,
			}})
		}
		if err := equipment.Insert(ctx, tx, r, ""); err != nil {
			return err
		}
	}
	return nil
}

func demoOrganisations() []organisation.Organisation {
	hospital := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "state", Code: demo.Hospital, Kind: "hospital", INN: "00109199810074", OKPO: "95017405", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Улуттук госпиталь (демо)", RU: "Национальный госпиталь (демо)", EN: "National Hospital (demo)"},
		ShortName: text.Words{KY: "Улуттук госпиталь (демо)", RU: "Нацгоспиталь (демо)", EN: "National Hospital (demo)"},
		Address:   "Бишкек ш., Тоголок Молдо көч., 1",
		Departments: []workforceapi.Department{
			rooms(demo.Hospital, demo.Therapy, "therapy", 201, 4, 4, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
			rooms(demo.Hospital, demo.Surgery, "surgery", 301, 6, 3, text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение", EN: "Surgery"}),
			rooms(demo.Hospital, demo.Cardiology, "cardiology", 401, 6, 2, text.Words{KY: "Кардиология бөлүмү", RU: "Кардиологическое отделение", EN: "Cardiology"}),
			rooms(demo.Hospital, demo.Maternity, "obstetrics", 501, 6, 2, text.Words{KY: "Төрөт бөлүмү", RU: "Родильное отделение", EN: "Maternity"}),
		},
	}}
	second := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "state", Code: demo.SecondHospital, Kind: "hospital", INN: "01503199910201", OKPO: "95020100", Region: "41708000000000", Level: "regional",
		Name:      text.Words{KY: "Чүй облустук ооруканасы (демо)", RU: "Чуйская областная больница (демо)", EN: "Chui Regional Hospital (demo)"},
		ShortName: text.Words{KY: "Чүй облустук ооруканасы (демо)", RU: "Чуйская облбольница (демо)", EN: "Chui Regional (demo)"},
		Address:   "Бишкек ш., Мурас-Спорт көч., 2",
		Departments: []workforceapi.Department{
			rooms(demo.SecondHospital, demo.Therapy, "therapy", 101, 4, 3, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
			rooms(demo.SecondHospital, demo.Surgery, "surgery", 201, 4, 3, text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение", EN: "Surgery"}),
		},
	}}
	city := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "municipal", Code: demo.CityHospital, Kind: "hospital", INN: "01206200110312", OKPO: "95031204", Region: "41711000000000", Level: "district",
		Name:      text.Words{KY: "№ 2 шаардык клиникалык оорукана (демо)", RU: "Городская клиническая больница № 2 (демо)", EN: "City Clinical Hospital No. 2 (demo)"},
		ShortName: text.Words{KY: "№ 2 шаардык оорукана (демо)", RU: "Горбольница № 2 (демо)", EN: "City Hospital No. 2 (demo)"},
		Address:   "Бишкек ш., Жибек Жолу просп., 15",
		Departments: []workforceapi.Department{
			rooms(demo.CityHospital, demo.Therapy, "therapy", 101, 3, 4, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
			rooms(demo.CityHospital, demo.Cardiology, "cardiology", 201, 2, 3, text.Words{KY: "Кардиология бөлүмү", RU: "Кардиологическое отделение", EN: "Cardiology"}),
		},
	}}
	clinic := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "state", Code: demo.Clinic, Kind: "outpatient", INN: "00504199950501", OKPO: "95050101", Region: "41711000000000", Level: "district",
		Name:      text.Words{KY: "№ 5 үй-бүлөлүк медицина борбору (демо)", RU: "Центр семейной медицины № 5 (демо)", EN: "Family Medicine Centre No. 5 (demo)"},
		ShortName: text.Words{KY: "№ 5 ҮМБ (демо)", RU: "ЦСМ № 5 (демо)", EN: "Family Medicine Centre 5 (demo)"},
		Address:   "Бишкек ш., Исанов көч., 79",
		Departments: []workforceapi.Department{
			rooms(demo.Clinic, demo.Antenatal, "antenatal", 0, 0, 0, text.Words{KY: "Аялдар консультациясы", RU: "Женская консультация", EN: "Antenatal clinic"}),
		},
	}}
	fund := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "state", Code: demo.Fund, Kind: "fund", INN: "01301199710031", OKPO: "90000104", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Милдеттүү медициналык камсыздандыруу фонду (демо)", RU: "Фонд обязательного медицинского страхования (демо)", EN: "Mandatory Health Insurance Fund (demo)"},
		ShortName: text.Words{KY: "ММКФ (демо)", RU: "ФОМС (демо)", EN: "MHIF (demo)"},
		Address:   "Бишкек ш., Чүй просп., 122",
	}}
	operator := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "state", Code: demo.OperatorOrg, Kind: "operator", INN: "01207201910056", OKPO: "90000200", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Электрондук саламаттык сактоо борбору (демо)", RU: "Центр электронного здравоохранения (демо)", EN: "E-Health Centre (demo)"},
		ShortName: text.Words{KY: "ЭССБ (демо)", RU: "ЦЭЗ (демо)", EN: "E-Health Centre (demo)"},
		Address:   "Бишкек ш., Тоголок Молдо көч., 3",
	}}
	ministry := organisation.Organisation{Organisation: workforceapi.Organisation{
		Ownership: "state", Code: demo.Ministry, Kind: "ministry", INN: "00207199310019", OKPO: "90000305", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Саламаттык сактоо министрлиги (демо)", RU: "Министерство здравоохранения (демо)", EN: "Ministry of Health (demo)"},
		ShortName: text.Words{KY: "ССМ (демо)", RU: "Минздрав (демо)", EN: "Ministry of Health (demo)"},
		Address:   "Бишкек ш., Москва көч., 148",
	}}
	return slices.Concat([]organisation.Organisation{hospital, second, city, clinic, fund, operator, ministry}, demoRegions(), demoFurther())
}

// rooms makes a department with rooms from the first number on, each with as many beds.
func rooms(org, code, profile string, first, rooms, beds int, name text.Words) workforceapi.Department {
	d := workforceapi.Department{Code: code, Name: name, Profile: profile}
	for room := first; room < first+rooms; room++ {
		for bed := 1; bed <= beds; bed++ {
			d.Beds = append(d.Beds, workforceapi.Bed{
				ID:   fmt.Sprintf("%s-%s-%d-%d", org, code, room, bed),
				Room: fmt.Sprint(room), Name: fmt.Sprintf("%d-%d", room, bed),
			})
		}
	}
	return d
}

func demoPosts() []post.Row {
	row := func(p demo.Person, title, organisation, department string) post.Row {
		return post.Row{PIN: p.PIN, Name: p.Name(), Title: title, Organisation: organisation, Department: department}
	}
	return []post.Row{
		row(demo.Doctor, "therapist", demo.Hospital, demo.Therapy),
		row(demo.Head, "head", demo.Hospital, demo.Therapy),
		row(demo.Surgeon, "surgeon", demo.Hospital, demo.Surgery),
		row(demo.HeadOfSurgery, "head", demo.Hospital, demo.Surgery),
		row(demo.HeadOfCardiology, "head", demo.Hospital, demo.Cardiology),
		row(demo.HeadOfMaternity, "head", demo.Hospital, demo.Maternity),
		row(demo.Nurse, "nurse", demo.Hospital, demo.Therapy),
		row(demo.Chief, "chief", demo.Hospital, ""),
		row(demo.Manager, "manager", demo.Hospital, ""),
		row(demo.Expert, "expert", demo.Fund, ""),
		row(demo.SecondExpert, "expert", demo.Fund, ""),
		row(demo.Operator, "operator", demo.OperatorOrg, ""),
		row(demo.Clerk, "statistician", demo.SecondHospital, ""),
		row(demo.DoctorInChui, "therapist", demo.SecondHospital, demo.Therapy),
		row(demo.HeadInChui, "head", demo.SecondHospital, demo.Therapy),
		row(demo.Obstetrician, "obstetrician", demo.Clinic, demo.Antenatal),
		row(demo.Colleague, "cardiologist", demo.CityHospital, demo.Cardiology),
		row(demo.Statistician, "statistician", demo.Hospital, ""),
		row(demo.Officer, "ministry", demo.Ministry, ""),
	}
}
