package referred_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
)

func each(t *testing.T, run func(t *testing.T, h *fhirtest.Hospital)) {
	t.Helper()
	offers := slices.Concat(clinical.Offers(), document.Offers(), referred.Offers())
	fhirtest.Each(t, offers, func(t *testing.T, h *fhirtest.Hospital) {
		h.Referring()
		run(t, h)
	})
}

// Referrals are found beside what the wards ask for, by everything that a
// searcher knows of them; each leads to its task and its results, and back.
func TestMC2ReferralsAreFound(t *testing.T) {
	const (
		redirected, heir, answered, elsewhere = "/" + fhirtest.Redirected, "/" + fhirtest.Heir, "/" + fhirtest.Answered, "/" + fhirtest.Elsewhere
		sid                                   = "https://sanarip.kg/fhir/"
	)
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		for query, want := range map[string]string{
			"/ServiceRequest?identifier=" + sid + "sid/referral|000000195050126":                               "ServiceRequest" + redirected,
			"/ServiceRequest?identifier=" + sid + "sid/form066|000000195050126":                                "",
			"/ServiceRequest?patient=" + fhirtest.PatientID + "&category=" + sid + "CodeSystem/referral-form|": "ServiceRequest" + redirected + " ServiceRequest" + heir + " ServiceRequest" + answered,
			"/ServiceRequest?requisition=" + fhirtest.Redirected + "&status=active":                            "ServiceRequest" + heir,
			"/ServiceRequest?replaces=ServiceRequest" + redirected:                                             "ServiceRequest" + heir,
			"/ServiceRequest?performer=Organization/" + demo.Hospital:                                          "ServiceRequest" + heir,
			"/ServiceRequest?performer=Practitioner/" + demo.Hospital:                                          "",
			"/ServiceRequest?authored=ge2026-11-20&code=consultation":                                          "ServiceRequest" + answered + " ServiceRequest" + elsewhere,
			"/ServiceRequest?priority=stat":                                                                    "ServiceRequest" + elsewhere,
			"/ServiceRequest?encounter=" + fhirtest.StayID + "&status=completed&authored=ge2026-11-20":         "ServiceRequest" + answered,
			"/ServiceRequest?category=imaging&patient=" + fhirtest.PatientID:                                   "ServiceRequest/" + fhirtest.XRay,
			"/ServiceRequest?_id=" + fhirtest.Heir + "&_revinclude=Task:focus&_include=ServiceRequest:patient&_include=ServiceRequest:performer&_revinclude=DocumentReference:related": "ServiceRequest" + heir + " Task" + heir +
				" Patient/" + fhirtest.PatientID + " Organization/" + demo.Hospital + " DocumentReference/" + fhirtest.Attached,
			"/Task?owner=Organization/" + demo.Hospital:                                      "Task" + heir,
			"/Task?status=rejected":                                                          "Task" + redirected,
			"/Task?business-status=answered":                                                 "Task" + answered,
			"/Task?status=requested&patient=" + fhirtest.OtherID:                             "Task" + elsewhere,
			"/Task?focus=ServiceRequest" + heir + "&_include=Task:focus&_include=Task:owner": "Task" + heir + " ServiceRequest" + heir + " Organization/" + demo.Hospital,
			"/Task?focus=Appointment" + heir:                                                 "",
			"/Task?based-on=ServiceRequest" + answered:                                       "Task" + answered,
			"/Task?group-identifier=" + fhirtest.Redirected + "&_sort=-modified":             "Task" + heir + " Task" + redirected,
			"/Task?modified=lt2026-11-21T09:30&requester=Organization/" + demo.Clinic:        "",
			"/Task?modified=ge2026-11-21T10:00&requester=Organization/" + demo.Clinic:        "Task" + redirected,
			"/DocumentReference?related=ServiceRequest" + heir:                               "DocumentReference/" + fhirtest.Attached,
			"/DocumentReference?type=11502-2":                                                "DocumentReference/" + fhirtest.Attached,
			"/DocumentReference?custodian=" + demo.Hospital:                                  "DocumentReference/" + fhirtest.Sent,
			"/Provenance?target=Task" + redirected + "&_sort=recorded":                       "Provenance/referral-0192b5a0-0000-7000-8000-0000000005a1 Provenance/referral-0192b5a0-0000-7000-8000-0000000005a2",
		} {
			a := h.Get(query, "machine", "Prefer", "handling=strict")
			got, words := a.Resources(), strings.Fields(want)
			if !strings.Contains(query, "_sort") {
				slices.Sort(got)
				slices.Sort(words)
			}
			if a.Status != 200 || !slices.Equal(got, words) {
				t.Errorf("%s: %d %v, not %v", query, a.Status, got, words)
			}
		}
		// Two tables and the shelf are one search: every page has what the last left.
		var all []string
		for next := "/ServiceRequest?_sort=-authored&_count=2"; next != "" && len(all) < 20; {
			a := h.Get(next, "machine")
			if a.JSON["total"] != 7.0 {
				t.Errorf("%v in all: %s", a.JSON["total"], a.Body)
			}
			all, next = append(all, a.Resources()...), a.Next()
		}
		if len(all) != 7 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 7 ||
			!slices.Contains(all[:4], "ServiceRequest"+heir) || !slices.Contains(all[4:], "ServiceRequest/"+fhirtest.Blood) {
			t.Errorf("%v", all)
		}
	})
}

// The task tells the course: each state in R4's words, the reason, the hour, the
// conclusion and each step.
func TestMC2TheTaskTellsTheCourse(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		read := func(id string) (task referred.Task) {
			if err := json.Unmarshal(h.Get("/Task/"+id, "machine").Body, &task); err != nil {
				t.Fatal(err)
			}
			return task
		}
		if r := read(fhirtest.Redirected); r.Status != "rejected" || r.StatusReason.Text != "Нет ангиографа" || r.BusinessStatus.Coding[0].Code != "redirected" || len(r.RelevantHistory) != 2 {
			t.Errorf("%+v", r)
		}
		if r := read(fhirtest.Heir); r.Status != "accepted" || r.StatusReason != nil || r.Restriction.Period.Start != "2026-11-24T14:00:00+06:00" || r.Output[0].ValueDateTime != "2026-11-24T14:00:00+06:00" {
			t.Errorf("%+v", r)
		}
		if r := read(fhirtest.Answered); r.Status != "completed" || r.Output[0].ValueString != "Операция не показана." {
			t.Errorf("%+v", r)
		}
		etag := h.Get("/Task/"+fhirtest.Heir, "machine").Header.Get("ETag")
		if a := h.Get("/Task/"+fhirtest.Heir, "machine", "If-None-Match", etag); a.Status != 304 {
			t.Errorf("%d", a.Status)
		}
		for _, c := range []struct{ state, stay, stayState, request, task string }{
			{"admitted", fhirtest.OtherStay, "open", "active", "in-progress"},
			{"admitted", fhirtest.OtherStay, "discharged", "completed", "completed"},
			{"admitted", "", "open", "completed", "completed"}, // elsewhere
			{"not_come", "", "open", "on-hold", "on-hold"},
			{"withdrawn", "", "open", "revoked", "cancelled"},
			{"expired", "", "open", "revoked", "cancelled"},
			{"refused", "", "open", "revoked", "rejected"},
		} {
			h.Do(`UPDATE referral SET state = $1, stay_id = $2 WHERE id = $3`, c.state, c.stay, fhirtest.Heir)
			h.Do(`UPDATE stay SET state = $1 WHERE id = $2`, c.stayState, fhirtest.OtherStay)
			request, task := h.Get("/ServiceRequest/"+fhirtest.Heir, "machine"), h.Get("/Task/"+fhirtest.Heir, "machine")
			if request.JSON["status"] != c.request || task.JSON["status"] != c.task {
				t.Errorf("%+v: %v, %v", c, request.JSON["status"], task.JSON["status"])
			}
			for kind, status := range map[string]string{"ServiceRequest": c.request, "Task": c.task} { // as it is told, so it is found
				if found := h.Get("/"+kind+"?_id="+fhirtest.Heir+"&status="+status, "machine").Resources(); len(found) != 1 {
					t.Errorf("%+v: %s is not found by %s", c, kind, status)
				}
			}
			if now := h.Get("/Task/"+fhirtest.Heir, "machine", "If-None-Match", etag); now.Status != 200 {
				t.Errorf("%+v has the version of another", c)
			}
		}
		var d referred.DocumentReference
		if err := json.Unmarshal(h.Get("/DocumentReference/"+fhirtest.Attached, "machine").Body, &d); err != nil {
			t.Fatal(err)
		}
		words, err := base64.StdEncoding.DecodeString(d.Content[0].Attachment.Data)
		if want := "Общий анализ крови\nЛейкоциты: 13,4 10⁹/л (4–9,5)\nБласты: не найдены\nЛейкоцитоз"; err != nil || string(words) != want {
			t.Errorf("%s %v", words, err)
		}
	})
}

// An organisation reads what it sent, received, or sent on its way; the attached
// results the receiver reads while the referral is open or the stay lasts, whose
// record they are always. Whatever is read is recorded.
func TestMC2WhoReadsAReferral(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		h.Tokens["system"] = access.Token{Active: true, Scopes: []string{"system/ServiceRequest.rs"}, ClientID: "narrow", Machine: true}
		sees := func(token, path string) bool {
			t.Helper()
			a := h.Get(path, token)
			if a.Status != 200 && a.Status != 404 {
				t.Errorf("%s %s: %d %s", token, path, a.Status, a.Body)
			}
			return a.Status == 200
		}
		for _, c := range []struct {
			token, path string
			sees        bool
		}{
			{"doctor", "/ServiceRequest/" + fhirtest.Heir, true},
			{"doctor", "/Task/" + fhirtest.Heir, true},
			{"doctor", "/ServiceRequest/" + fhirtest.Answered, true},
			{"doctor", "/ServiceRequest/" + fhirtest.Redirected, false}, // before it came here
			{"doctor", "/Task/" + fhirtest.Elsewhere, false},
			{"doctor", "/Provenance/referral-0192b5a0-0000-7000-8000-0000000005a2", false},
			{"doctor", "/Provenance/referral-0192b5a0-0000-7000-8000-0000000005b2", true},
			{"doctor", "/DocumentReference/" + fhirtest.Attached, true},
			{"doctor", "/DocumentReference/" + fhirtest.Sent, true},
			{"patient", "/ServiceRequest/" + fhirtest.Redirected, true},
			{"patient", "/DocumentReference/" + fhirtest.Attached, true},
			{"patient", "/Task/" + fhirtest.Elsewhere, false},
			{"stranger", "/ServiceRequest/" + fhirtest.Heir, false},
			{"stranger", "/DocumentReference/" + fhirtest.Attached, false},
			{"machine", "/Task/" + fhirtest.Elsewhere, true},
		} {
			if got := sees(c.token, c.path); got != c.sees {
				t.Errorf("%s sees %s: %v", c.token, c.path, got)
			}
		}
		if a := h.Get("/Task", "system"); a.Status != 403 {
			t.Errorf("a scope of ServiceRequest opens Task: %d", a.Status)
		}
		// The sender of the first of a chain sees how it went on.
		h.Do(`UPDATE referral SET from_organisation = $1 WHERE id = $2`, demo.Hospital, fhirtest.Redirected)
		if !sees("doctor", "/ServiceRequest/"+fhirtest.Redirected) {
			t.Error("the sender does not see their own")
		}
		h.Do(`UPDATE referral SET to_organisation = $1 WHERE id = $2`, demo.Clinic, fhirtest.Heir)
		if !sees("doctor", "/Task/"+fhirtest.Heir) {
			t.Error("the first sender does not see what became of it")
		}
		if sees("doctor", "/DocumentReference/"+fhirtest.Attached) {
			t.Error("who sent it first sees the results of another")
		}
		h.Do(`UPDATE referral SET to_organisation = $1 WHERE id = $2`, demo.Hospital, fhirtest.Heir)
		state := func(to, stay string) {
			t.Helper()
			h.Do(`UPDATE referral SET state = $1, stay_id = $2 WHERE id = $3`, to, stay, fhirtest.Heir)
		}
		attached := "/DocumentReference/" + fhirtest.Attached
		state("sent", "")
		last, err := time.Parse(time.RFC3339, "2026-12-21T23:59:59+06:00")
		if err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(last.Sub(fhirtest.Now))
		if !sees("doctor", attached) {
			t.Error("on its last day the receiver does not see the results")
		}
		h.Clock.Advance(time.Second)
		if sees("doctor", attached) {
			t.Error("after its last day the receiver sees the results")
		}
		for _, over := range []string{"refused", "redirected", "withdrawn", "answered", "expired", "not_come"} {
			if state(over, ""); sees("doctor", attached) {
				t.Errorf("%s, and the receiver sees the results", over)
			}
		}
		h.Do(`UPDATE stay SET state = 'open' WHERE id = $1`, fhirtest.StayID)
		if state("admitted", fhirtest.StayID); !sees("doctor", attached) {
			t.Error("the stay lasts, and the results are not seen")
		}
		h.Do(`UPDATE stay SET state = 'discharged' WHERE id = $1`, fhirtest.StayID)
		if sees("doctor", attached) || len(h.Get("/DocumentReference?related="+fhirtest.Heir, "doctor").Resources()) != 0 ||
			strings.Contains(string(h.Get("/ServiceRequest?_id="+fhirtest.Heir+"&_revinclude=DocumentReference:related", "doctor").Body), attached[1:]+`","type`) {
			t.Error("the stay is over, and the results are seen")
		}
		for _, object := range []string{"ServiceRequest/" + fhirtest.Heir, "Task/" + fhirtest.Heir, "DocumentReference/" + fhirtest.Attached} {
			if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = 'fhir.read' AND object = $1 AND subject_pin = $2 AND actor_pin = $3`, object, demo.Patient.PIN, demo.Doctor.PIN); n == 0 {
				t.Errorf("nobody is told who read %s", object)
			}
		}
	})
}

// What belongs to a patient has their referrals; who wrote them is found, and what
// is the card's own nobody else writes over.
func TestMC2ReferralsBelongToTheirPatient(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		gather.Mount(h.API)
		h.Tokens["writer"] = access.Token{Active: true, Scopes: []string{"system/*.write"}, ClientID: "writer", Machine: true}
		got := h.Get("/Patient/"+fhirtest.PatientID+"/$everything?_count=500", "machine").Resources()
		for _, want := range []string{"ServiceRequest/" + fhirtest.Heir, "Task/" + fhirtest.Heir, "DocumentReference/" + fhirtest.Attached, "Provenance/referral-0192b5a0-0000-7000-8000-0000000005b1"} {
			if !slices.Contains(got, want) {
				t.Errorf("%s is left out of everything: %v", want, got)
			}
		}
		if slices.Contains(got, "Task/"+fhirtest.Elsewhere) {
			t.Error("everything has another's referral")
		}
		var r referred.ServiceRequest
		if err := json.Unmarshal(h.Get("/ServiceRequest/"+fhirtest.Heir, "machine").Body, &r); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{"machine", "doctor"} { // of the other hospital, whose referral came here
			if a := h.Get("/"+r.Requester.Reference, token); a.Status != 200 {
				t.Errorf("%s: who referred is not told: %d", token, a.Status)
			}
		}
		if found := h.Get("/Location/"+strings.TrimPrefix(r.LocationReference[0].Reference, "Location/"), "machine"); found.Status != 200 {
			t.Errorf("%s: %d", r.LocationReference[0].Reference, found.Status)
		}
		for _, body := range []string{
			`{"resourceType":"Task","id":"` + fhirtest.Heir + `","status":"completed","intent":"order"}`,
			`{"resourceType":"ServiceRequest","id":"` + fhirtest.Heir + `","status":"completed","intent":"order","subject":{"reference":"Patient/` + fhirtest.PatientID + `"}}`,
		} {
			kind := strings.Split(body, `"`)[3]
			if a := h.Ask("PUT", "/"+kind+"/"+fhirtest.Heir, "writer", body, "Content-Type", "application/fhir+json"); a.Status != 405 {
				t.Errorf("%s of the card's own is written over: %d %s", kind, a.Status, a.Body)
			}
		}
		// Tasks of other systems stand beside, with every parameter that they had.
		theirs := `{"resourceType":"Task","id":"theirs","status":"requested","intent":"order","for":{"reference":"Patient/` + fhirtest.PatientID + `"},"focus":{"reference":"ServiceRequest/` + fhirtest.Heir +
			`"},"executionPeriod":{"start":"2026-11-22"},"partOf":[{"reference":"Task/` + fhirtest.Heir + `"}]}`
		if a := h.Ask("PUT", "/Task/theirs", "writer", theirs, "Content-Type", "application/fhir+json"); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		for query, want := range map[string][]string{
			"/Task?focus=ServiceRequest/" + fhirtest.Heir: {"Task/" + fhirtest.Heir, "Task/theirs"},
			"/Task?part-of=" + fhirtest.Heir:              {"Task/theirs"},
			"/Task?period=ge2026":                         {"Task/theirs"},
		} {
			if a := h.Get(query, "machine"); !slices.Equal(a.Resources(), want) {
				t.Errorf("%s: %s", query, a.Body)
			}
		}
	})
}
