package referred_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
)

// answering opens the API to the app of a doctor.
func answering(t *testing.T, h *fhirtest.Hospital) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	referred.Mount(h.API, &desk.Desk{DB: h.DB, Clock: h.Clock, Log: log, Directory: &directory.Directory{DB: h.DB, Clock: h.Clock, Log: log}, Queue: job.New(h.DB, h.Clock, log, job.Config{})})
	h.Tokens["app"] = access.Token{Active: true, Scopes: []string{"user/Task.rus"}, ClientID: "app", PIN: demo.Doctor.PIN, Name: demo.Doctor.Name()}
	h.Tokens["nurse"] = access.Token{Active: true, Scopes: []string{"user/Task.rus"}, ClientID: "app", PIN: demo.Nurse.PIN, Name: demo.Nurse.Name()}
	h.Tokens["writer"] = access.Token{Active: true, Scopes: []string{"system/*.read", "system/*.write"}, ClientID: "writer", Machine: true}
}

// change is the task as it is with members in place of others, and its version.
func change(t *testing.T, h *fhirtest.Hospital, id string, members map[string]any) (body, etag string) {
	t.Helper()
	a := h.Get("/Task/"+id, "machine")
	for name, value := range members {
		a.JSON[name] = value
	}
	data, err := json.Marshal(a.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), a.Header.Get("ETag")
}

func because(words string) map[string]any { return map[string]any{"text": words} }

func put(h *fhirtest.Hospital, id, token, body string, header ...string) fhirtest.Answer {
	return h.Ask("PUT", "/Task/"+id, token, body, append([]string{"Content-Type", "application/fhir+json"}, header...)...)
}

// In a transaction a referral is not answered, alone or with others: the app is told
// so, and nothing of the Bundle is done. In a batch it is, as if it had come by itself.
func TestAReferralIsAnsweredInABatchAlone(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		answering(t, h)
		body, etag := change(t, h, fhirtest.Heir, map[string]any{"status": "rejected", "statusReason": because("Нет мест")})
		entry := `{"request":{"method":"PUT","url":"Task/` + fhirtest.Heir + `","ifMatch":"W/\"` + strings.Trim(etag, `W/"`) + `\""},"resource":` + body + `}`
		send := func(kind, token, entry string) fhirtest.Answer {
			return h.Ask("POST", "", token, `{"resourceType":"Bundle","type":"`+kind+`","entry":[`+entry+`]}`, "Content-Type", "application/fhir+json", "Accept-Language", "en")
		}
		if a := send("transaction", "app", entry); !strings.Contains(string(a.Body), "Send PUT or PATCH by itself or in a batch, with If-Match") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		old := strings.Replace(entry, strings.Trim(etag, `W/"`), "0000000000000000", 1)
		for refused, told := range map[string]string{
			old: "412 ", strings.Replace(entry, "ifMatch", "ifNoneMatch", 1): "428 ", strings.Replace(entry, "Нет мест", " ", 1): "422 ",
		} {
			if a := send("batch", "app", refused); !strings.Contains(string(a.Body), `"status":"`+told) {
				t.Errorf("%s: %s", told, a.Body)
			}
		}
		for token, told := range map[string]string{"nurse": "403 ", "doctor": "403 ", "writer": "405 "} {
			if a := send("batch", token, entry); !strings.Contains(string(a.Body), `"status":"`+told) {
				t.Errorf("%s: %s", token, a.Body)
			}
		}
		if _, now := change(t, h, fhirtest.Heir, nil); now != etag {
			t.Fatal("the referral was answered")
		}
		hour := base64.StdEncoding.EncodeToString([]byte(`[{"op":"replace","path":"/status","value":"accepted"},{"op":"add","path":"/restriction","value":{"period":{"start":"2026-11-28T09:30:00+06:00"}}}]`))
		patched := `{"request":{"method":"PATCH","url":"Task/` + fhirtest.Heir + `","ifMatch":"W/\"` + strings.Trim(etag, `W/"`) + `\""},"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"` + hour + `"}}`
		if a := send("batch", "app", patched); !strings.Contains(string(a.Body), `"status":"200 OK"`) || strings.Contains(string(a.Body), `"resource":`) {
			t.Fatalf("%s", a.Body)
		}
		body, etag = change(t, h, fhirtest.Heir, map[string]any{"status": "rejected", "statusReason": because("Нет мест")})
		entry = `{"request":{"method":"PUT","url":"Task/` + fhirtest.Heir + `","ifMatch":"W/\"` + strings.Trim(etag, `W/"`) + `\""},"resource":` + body + `}`
		if a := send("batch", "app", entry); !strings.Contains(string(a.Body), `"status":"200 OK"`) {
			t.Errorf("%s", a.Body)
		}
		if task := h.Get("/Task/"+fhirtest.Heir, "app"); task.JSON["status"] != "rejected" {
			t.Errorf("%s", task.Body)
		}
	})
}

// A doctor's app answers a referral by its Task as the page does: the same steps,
// rules and rights, on the version that was read.
func TestMC2AnAppAnswersAReferral(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		answering(t, h)
		hour := func(at string) map[string]any {
			return map[string]any{"period": map[string]any{"start": at, "end": "2026-12-21"}}
		}
		for _, c := range []struct {
			name, id, token string
			members         map[string]any
			status          int
			where           string // in the outcome
		}{
			{"a reader's", fhirtest.Heir, "doctor", map[string]any{"status": "rejected", "statusReason": because("Нет мест")}, 403, "forbidden"},
			{"a nurse's", fhirtest.Heir, "nurse", map[string]any{"status": "rejected", "statusReason": because("Нет мест")}, 403, "forbidden"},
			{"a machine", fhirtest.Heir, "writer", map[string]any{"status": "rejected", "statusReason": because("Нет мест")}, 405, "business-rule"},
			{"without a reason", fhirtest.Heir, "app", map[string]any{"status": "rejected"}, 422, "Task.statusReason.text"},
			{"of a book", fhirtest.Heir, "app", map[string]any{"status": "rejected", "statusReason": because(strings.Repeat("я", 501))}, 422, "Task.statusReason.text"},
			{"in the past", fhirtest.Heir, "app", map[string]any{"status": "accepted", "restriction": hour("2026-11-20T10:00:00+06:00")}, 422, "Task.restriction.period.start"},
			{"a day alone", fhirtest.Heir, "app", map[string]any{"status": "accepted", "restriction": hour("2026-11-28")}, 422, "Task.restriction.period.start"},
			{"in ten years", fhirtest.Heir, "app", map[string]any{"status": "accepted", "restriction": map[string]any{"period": map[string]any{"start": "2036-11-20T10:00:00+06:00"}}}, 422, "Task.restriction.period.start"},
			{"to another", fhirtest.Heir, "app", map[string]any{"status": "rejected", "statusReason": because("Нет мест"), "owner": map[string]any{"reference": "Organization/950201"}}, 422, "Task.owner"},
			{"redirected", fhirtest.Heir, "app", map[string]any{
				"status": "rejected", "statusReason": because("Нет мест"),
				"businessStatus": map[string]any{"coding": []any{map[string]any{"system": "https://sanarip.kg/fhir/CodeSystem/referral-state", "code": "redirected"}}},
			}, 422, "Task.owner"},
			{"under way", fhirtest.Heir, "app", map[string]any{"status": "in-progress"}, 422, "Task.status"},
			{"no status of R4", fhirtest.Heir, "app", map[string]any{"status": "gone"}, 422, "Task.status"},
			{"before the hour", fhirtest.Heir, "app", map[string]any{"status": "on-hold"}, 409, "conflict"},
			{"a conclusion of a hospitalisation", fhirtest.Heir, "app", map[string]any{"status": "completed", "output": []any{map[string]any{
				"type":        map[string]any{"coding": []any{map[string]any{"system": "https://sanarip.kg/fhir/CodeSystem/referral-output", "code": "conclusion"}}},
				"valueString": "Здоров",
			}}}, 409, "conflict"},
			{"the sender's to take back", fhirtest.Heir, "app", map[string]any{"status": "cancelled", "statusReason": because("Ошибка")}, 403, "forbidden"},
			{"what is over", fhirtest.Answered, "app", map[string]any{"status": "cancelled", "statusReason": because("Ошибка")}, 409, "conflict"},
			{"the receiver's to answer", fhirtest.Answered, "app", map[string]any{"status": "rejected", "statusReason": because("Нет")}, 403, "forbidden"},
		} {
			body, etag := change(t, h, c.id, c.members)
			a := put(h, c.id, c.token, body, "If-Match", etag)
			if a.Status != c.status || a.JSON["resourceType"] != "OperationOutcome" || !strings.Contains(string(a.Body), `"`+c.where+`"`) {
				t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
			}
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral_step`); n != 7 {
			t.Fatalf("a refused answer left a step: %d", n)
		}
		// Another hour, then a refusal on what was read before that.
		body, etag := change(t, h, fhirtest.Heir, map[string]any{"status": "accepted", "restriction": hour("2026-11-28T09:30:00+06:00"), "note": []any{because("Натощак")}})
		if a := put(h, fhirtest.Heir, "app", body); a.Status != 428 || !strings.Contains(string(a.Body), "If-Match") {
			t.Errorf("without If-Match: %d %s", a.Status, a.Body)
		}
		a := put(h, fhirtest.Heir, "app", body, "If-Match", etag)
		if a.Status != 200 || a.Header.Get("ETag") == etag || !strings.Contains(string(a.Body), `"start":"2026-11-28T09:30:00+06:00"`) || !strings.Contains(string(a.Body), `"accepted"`) {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		refusal, newer := change(t, h, fhirtest.Heir, map[string]any{"status": "rejected", "statusReason": because("Нет мест")})
		if a := put(h, fhirtest.Heir, "app", refusal, "If-Match", etag); a.Status != 412 {
			t.Errorf("what was read before: %d %s", a.Status, a.Body)
		}
		if a := put(h, fhirtest.Heir, "app", refusal, "If-Match", newer, "Prefer", "return=minimal"); a.Status != 200 || len(a.Body) != 0 || a.Header.Get("ETag") == newer {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		task := h.Get("/Task/"+fhirtest.Heir, "app")
		if task.JSON["status"] != "rejected" || !strings.Contains(string(task.Body), `"statusReason":{"text":"Нет мест"}`) {
			t.Errorf("%s", task.Body)
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral_step WHERE referral_id = $1 AND by_pin = $2 AND organisation = $3 AND seq IN (3, 4)`, fhirtest.Heir, demo.Doctor.PIN, demo.Hospital); n != 2 {
			t.Errorf("%d steps", n)
		}
		if n := h.Count(`SELECT COUNT(*) FROM job WHERE kind = 'referral.notify'`); n != 2 {
			t.Errorf("the patient is told %d times", n)
		}
		for _, action := range []string{"referral.accepted", "referral.refused", "fhir.update"} {
			if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = $1 AND subject_pin = $2 AND actor_pin = $3`, action, demo.Patient.PIN, demo.Doctor.PIN); n == 0 {
				t.Errorf("%s is not recorded", action)
			}
		}
		// What was sent is taken back by the sender.
		h.Do(`UPDATE referral SET state = 'sent', conclusion = '' WHERE id = $1`, fhirtest.Answered)
		body, etag = change(t, h, fhirtest.Answered, map[string]any{"status": "cancelled", "statusReason": because("Ошибка")})
		if a := put(h, fhirtest.Answered, "app", body, "If-Match", etag); a.Status != 200 || a.JSON["status"] != "cancelled" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}

// Of many who answer at once one does, the others are told of it.
func TestMC2OneOfManyAnswersAReferral(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		answering(t, h)
		body, etag := change(t, h, fhirtest.Heir, map[string]any{"status": "rejected", "statusReason": because("Нет мест")})
		statuses := make([]int, 8)
		var all sync.WaitGroup
		for i := range statuses {
			all.Go(func() { statuses[i] = put(h, fhirtest.Heir, "app", body, "If-Match", etag).Status })
		}
		all.Wait()
		done := 0
		for _, s := range statuses {
			switch s {
			case 200:
				done++
			case 409, 412:
			default:
				t.Errorf("%v", statuses)
			}
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral_step WHERE referral_id = $1 AND state = 'refused'`, fhirtest.Heir); done != 1 || n != 1 {
			t.Errorf("%d done, %d steps: %v", done, n, statuses)
		}
	})
}

// A referral is sent on by its Task: another owner and its department, with the
// reason; the new one goes from the organisation that was asked, in the same chain.
func TestMC2AnAppSendsAReferralOn(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		answering(t, h)
		const third, closed = "950300", "950301"
		for code, kind := range map[string]string{third: "hospital", closed: "clinic"} {
			h.Do(`INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, 0)`, code, `{"Code":"`+code+`","Kind":"`+kind+`","Name":{"KY":"Үчүнчү","RU":"Третья"},"Departments":[{"Code":"07","Name":{"KY":"Кардиология","RU":"Кардиология"}}]}`)
		}
		on := func(owner, location string, more map[string]any) map[string]any {
			members := map[string]any{
				"status": "rejected", "statusReason": because("Нет ангиографа"), "owner": map[string]any{"reference": "Organization/" + owner},
				"businessStatus": map[string]any{"coding": []any{map[string]any{"system": "https://sanarip.kg/fhir/CodeSystem/referral-state", "code": "redirected"}}},
				"location":       map[string]any{"reference": "Location/" + location},
			}
			for name, value := range more {
				members[name] = value
			}
			return members
		}
		for _, c := range []struct {
			name, token, where string
			members            map[string]any
			status             int
		}{
			{"without a reason", "app", "Task.statusReason.text", on(third, third+"-07", map[string]any{"statusReason": nil}), 422},
			{"to nowhere", "app", "Task.location", on("950999", "950999-07", nil), 422},
			{"to no department", "app", "Task.location", on(third, third+"-08", nil), 422},
			{"to another's department", "app", "Task.location", on(third, demo.SecondHospital+"-07", nil), 422},
			{"to what is no hospital", "app", "Task.owner", on(closed, closed+"-07", nil), 422},
			{"back", "app", "Task.owner", on(demo.SecondHospital, demo.SecondHospital+"-"+demo.Surgery, nil), 422},
			{"to itself", "app", "Task.owner", on(demo.Hospital, demo.Hospital+"-"+demo.Surgery, nil), 422},
			{"with another patient", "app", "Task.for", on(third, third+"-07", map[string]any{"for": map[string]any{"reference": "Patient/" + fhirtest.OtherID}}), 422},
			{"refused, to another", "app", "Task.owner", on(third, third+"-07", map[string]any{"businessStatus": nil}), 422},
			{"a nurse's", "nurse", "forbidden", on(third, third+"-07", nil), 403},
		} {
			for name, value := range c.members {
				if value == nil {
					delete(c.members, name)
				}
			}
			body, etag := change(t, h, fhirtest.Heir, c.members)
			if a := put(h, fhirtest.Heir, c.token, body, "If-Match", etag); a.Status != c.status || !strings.Contains(string(a.Body), `"`+c.where+`"`) {
				t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
			}
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral WHERE replaces = $1`, fhirtest.Heir); n != 0 {
			t.Fatalf("a refused one left %d", n)
		}
		h.Do(`UPDATE referral SET number = '000009995017426' WHERE id = $1`, fhirtest.Answered) // the first that the hospital's series gives
		body, etag := change(t, h, fhirtest.Heir, on(third, third+"-07", nil))
		statuses := make([]int, 4)
		var all sync.WaitGroup
		for i := range statuses {
			all.Go(func() { statuses[i] = put(h, fhirtest.Heir, "app", body, "If-Match", etag).Status })
		}
		all.Wait()
		if n := h.Count(`SELECT COUNT(*) FROM referral WHERE replaces = $1 AND to_organisation = $2 AND to_department = '07' AND from_organisation = $3 AND root = $4`,
			fhirtest.Heir, third, demo.Hospital, fhirtest.Redirected); n != 1 {
			t.Fatalf("%d heirs: %v", n, statuses)
		}
		task := h.Get("/Task/"+fhirtest.Heir, "app")
		if task.JSON["status"] != "rejected" || !strings.Contains(string(task.Body), `"code":"redirected"`) || !strings.Contains(string(task.Body), "Нет ангиографа") {
			t.Errorf("%s", task.Body)
		}
		heirs := h.Get("/Task?owner=Organization/"+third, "machine")
		if len(heirs.Resources()) != 1 || !strings.Contains(string(heirs.Body), `"status":"requested"`) {
			t.Errorf("%s", heirs.Body)
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral_result x JOIN referral r ON r.id = x.referral_id WHERE r.replaces = $1`, fhirtest.Heir); n != 1 {
			t.Errorf("%d results went with it", n)
		}
	})
}
