// Package stay is the frame of every page of a stay: it loads the stay, keeps
// other organisations out, records the access and draws banner and tabs.
package stay

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// States of a stay.
const (
	Open       = "open"
	Discharged = "discharged"
)

// Tabs of a stay's pages; the argument of Layout.
const (
	TabHistory    = "history"    // /stays/{id}
	TabOrders     = "orders"     // /stays/{id}/orders
	TabVitals     = "vitals"     // /stays/{id}/vitals
	TabRequests   = "requests"   // /stays/{id}/requests
	TabOperations = "operations" // /stays/{id}/operations
	TabConsents   = "consents"   // /stays/{id}/consents
	TabReferrals  = "referrals"  // /stays/{id}/referrals
	TabMoves      = "moves"      // /stays/{id}/moves
	TabDiagnoses  = "diagnoses"  // /stays/{id}/diagnoses
	TabAdmission  = "admission"  // /stays/{id}/admission
	TabDischarge  = "discharge"  // /stays/{id}/discharge
	TabForm       = "form"       // /stays/{id}/form
	TabNewborns   = "newborns"   // /stays/{id}/newborns, of a woman in childbirth
	TabBirth      = "birth"      // /stays/{id}/birth, the exchange card and its tear-offs
)

// View is a stay with what its pages show.
type View struct {
	ID               string
	Patient          patient.Patient
	Organisation     string
	OrganisationName text.Words
	State            string // Open, Discharged
	Kind             string // planned, emergency
	AdmittedAt       time.Time
	HoursSinceOnset  int
	BroughtBy        string
	Referrer         string
	FirstThisYear    bool
	Payment          string // who pays, "" by the insurance alone
	Transport        string // how the patient was taken to the department, "" not said
	Department       string
	DepartmentName   text.Words
	BedID            string // "" without a bed
	Isolation        string // how the patient is kept apart, one of Isolations; "" not
	BedName          string
	DoctorPIN        string
	DoctorName       string
	DischargedAt     time.Time
	CreatedBy        string // ПИН
	Counts           Counts
	Now              time.Time // when the page was asked for
}

// Isolations are how a patient is kept apart: the way an infection takes, or that the
// patient must be protected from the others'.
var Isolations = []string{"contact", "droplet", "airborne", "protective"}

// IsolationWord is the mark of who is kept apart, "" for nobody.
func IsolationWord(ctx context.Context, kind string) string {
	if kind == "" {
		return ""
	}
	return text.T(ctx, "card.isolation.mark", "Kind", text.T(ctx, "card.isolation."+kind)) // text: card.isolation.*
}

// Counts stand beside the tabs.
type Counts struct {
	Entries, Orders, Operations, Moves, Diagnoses int
	Waiting                                       int // requests without an answer
	Consents                                      int
	Newborns                                      int
	Obstetric                                     int // diagnoses of pregnancy and childbirth
}

// Read loads the stay for a page and records the access. A stay of another
// organisation is not there: fail.NotFound.
func Read(ctx context.Context, d *desk.Desk, stayID string) (View, error) {
	v, err := Find(ctx, d, stayID)
	if err != nil {
		return v, err
	}
	return v, seen(ctx, d, v)
}

// Find is Read without the record of the access, for pages whose use case
// writes its own.
func Find(ctx context.Context, d *desk.Desk, stayID string) (View, error) {
	v, err := find(ctx, d, stayID, desk.Of(ctx).Post.Organisation)
	v.Now = d.Clock.Now()
	return v, err
}

// Day of the stay on the day given, counted from 1; after the discharge its length.
func (v View) Day() int {
	until := v.Now
	if v.State == Discharged {
		until = v.DischargedAt
	}
	return clock.DateOf(v.AdmittedAt).DaysUntil(clock.DateOf(until)) + 1
}

// Path is the address of a tab.
func (v View) Path(tab string) string {
	if tab == TabHistory {
		return "/stays/" + v.ID
	}
	return "/stays/" + v.ID + "/" + tab
}

// banner is the patient with the place and day of the stay.
func (v View) banner(ctx context.Context) design.Patient {
	b := v.Patient.Banner(ctx, clock.DateOf(v.Now))
	b.Bed = v.DepartmentName.Here(ctx) + ", "
	if v.BedName == "" {
		b.Bed += text.T(ctx, "card.stay.no_bed")
	} else {
		b.Bed += v.BedName
	}
	if mark := IsolationWord(ctx, v.Isolation); mark != "" && v.State == Open {
		b.Alerts = append([]string{mark}, b.Alerts...)
	}
	b.Day = strconv.Itoa(v.Day())
	if v.State == Discharged {
		b.Bed, b.Day = v.DepartmentName.Here(ctx), ""
	}
	b.Doctor = v.DoctorName
	return b
}

func (v View) tabs(ctx context.Context, current string) []design.Tab {
	tab := func(name, label string, count int) design.Tab {
		t := design.Tab{Label: label, Href: v.Path(name), Current: name == current}
		if count > 0 {
			t.Count = strconv.Itoa(count)
		}
		return t
	}
	tabs := []design.Tab{
		tab(TabHistory, text.T(ctx, "card.stay.tab_history"), v.Counts.Entries),
		tab(TabOrders, text.T(ctx, "card.stay.tab_orders"), v.Counts.Orders),
		tab(TabVitals, text.T(ctx, "card.stay.tab_vitals"), 0),
		tab(TabRequests, text.T(ctx, "card.stay.tab_requests"), v.Counts.Waiting),
		tab(TabOperations, text.T(ctx, "card.stay.tab_operations"), v.Counts.Operations),
		tab(TabConsents, text.T(ctx, "card.stay.tab_consents"), v.Counts.Consents),
		tab(TabMoves, text.T(ctx, "card.stay.tab_moves"), v.Counts.Moves),
		tab(TabDiagnoses, text.T(ctx, "card.stay.tab_diagnoses"), v.Counts.Diagnoses),
		tab(TabAdmission, text.T(ctx, "card.stay.tab_admission"), 0),
		tab(TabDischarge, text.T(ctx, "card.stay.tab_discharge"), 0),
		tab(TabForm, text.T(ctx, "card.stay.tab_form"), 0),
	}
	if !desk.Is(ctx, desk.Ward) {
		return tabs // the rest is for those who treat
	}
	tabs = slices.Insert(tabs, 6, tab(TabReferrals, text.T(ctx, "card.stay.tab_referrals"), 0))
	if v.Counts.Newborns+v.Counts.Obstetric > 0 || current == TabNewborns || current == TabBirth {
		tabs = append(tabs, tab(TabNewborns, text.T(ctx, "card.stay.tab_newborns"), v.Counts.Newborns), tab(TabBirth, text.T(ctx, "card.stay.tab_birth"), 0))
	}
	return tabs
}
