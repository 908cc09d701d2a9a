package node

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// reading is how a column's value is turned into words.
type reading int

const (
	asWritten    reading = iota // words that people wrote
	asMoment                    // microseconds
	asDay                       // 2026-11-22
	asFlag                      // 0, 1
	asCode                      // one of field.codes, in words under field.prefix
	asStaff                     // ПИН of somebody of the organisation
	asDepartment                // its code
	asHospital                  // an organisation's code
	asBed                       // its id
	asPatient                   // a patient's id
	asBirth                     // the id of a birth
	asPIN                       // a patient's ПИН
	asBlood                     // a blood group
	asSocial                    // a social status
	asProse                     // JSON: what people wrote in it
	asPresence                  // there or not
)

// field is how a column that both sides may change is shown.
type field struct {
	name   string // of its words: card.node.field.*
	is     reading
	prefix string   // of a code's words
	codes  []string // that have words there
	with   string   // column of the row that it is shown and decided with, "" for itself
	hidden bool     // says in another way what a column beside it says: shown only when alone
}

func coded(name, prefix string, codes ...string) field {
	return field{name: name, is: asCode, prefix: prefix, codes: codes}
}

// beside is the field as part of another column's decision.
func (f field) beside(column string) field { f.with = column; return f }

// unseen is beside, when the other column's parts say the same in words.
func (f field) unseen(column string) field { f.with, f.hidden = column, true; return f }

// fields are the columns that two sides may change both, by table. Tests hold
// that none is missing.
var fields = map[string]map[string]field{
	"patient": {
		"pin": {name: "pin", is: asPIN}, "kind": coded("patient_kind", "card.node.value.patient.", patient.Citizen, patient.Foreigner, patient.Nameless, patient.Newborn),
		"family_name": {name: "family_name"}, "given_name": {name: "given_name"}, "patronymic": {name: "patronymic"},
		"birth_date": {name: "birth_date", is: asDay}, "birth_year": {name: "birth_year"}, "birth_order": {name: "birth_order"},
		"sex": coded("sex", "card.sex.", "male", "female", "unknown"), "country": {name: "country"}, "citizenship": {name: "citizenship"},
		"region": {name: "region"}, "address": {name: "address"}, "rural": {name: "rural", is: asFlag}, "passport": {name: "passport"}, "phone": {name: "phone"},
		"insured": {name: "insured", is: asFlag}, "policy": {name: "policy"}, "policy_from": field{name: "policy_from", is: asDay}.beside("policy"),
		"policy_until": field{name: "policy_until", is: asDay}.beside("policy"), "category": coded("category", "card.category.", patient.Categories...),
		"privilege": {name: "privilege"}, "alerts": {name: "alerts"}, "description": {name: "description"},
		"social_status": {name: "social_status", is: asSocial}, "workplace": {name: "workplace"},
		"kin_name": {name: "kin_name"}, "kin_relation": field{name: "kin_relation"}.beside("kin_name"), "kin_phone": field{name: "kin_phone"}.beside("kin_name"),
		"blood_group": {name: "blood_group", is: asBlood}, "rhesus": field{name: "rhesus"}.beside("blood_group"),
		"blood_at": field{name: "blood_at", is: asMoment}.beside("blood_group"), "blood_by": field{name: "blood_by"}.beside("blood_group"),
		"merged_into": {name: "merged_into", is: asPatient},
	},
	"stay": {
		"patient_id": {name: "patient", is: asPatient}, "state": coded("state", "card.node.value.stay.", "open", "discharged"),
		"kind": coded("stay_kind", "card.kind.", "planned", "emergency"), "brought_by": coded("brought_by", "card.brought.", "self", "ambulance", "referral", "other"),
		"referrer": {name: "referrer", is: asHospital}, "hours_since_onset": {name: "hours_since_onset"},
		"payment": coded("payment", "card.payment.", "oms", "budget", "paid", "other"), "transport": coded("transport", "card.transport.", "walks", "chair", "stretcher"),
		"department": {name: "department", is: asDepartment}, "bed_id": field{name: "bed", is: asBed}.beside("department"),
		"doctor_name": {name: "doctor"}, "doctor_pin": field{name: "doctor", is: asStaff}.unseen("doctor_name"),
		"discharged_at": {name: "discharged_at", is: asMoment}, "discharged_by": field{name: "discharged_by", is: asStaff}.beside("discharged_at"),
		"outcome": coded("outcome", "card.outcome.", "discharged", "transferred", "died"), "transferred_to": field{name: "transferred_to", is: asHospital}.beside("outcome"),
		"result": coded("result", "card.result.", "recovered", "improved", "unchanged", "worse"), "recommendations": {name: "recommendations"},
	},
	"move": {"until_at": {name: "until_at", is: asMoment}},
	"diagnosis": {
		"ended_at": {name: "ended_at", is: asMoment}, "ended_by": field{name: "ended_by", is: asStaff}.beside("ended_at"),
		"ended_name": field{name: "ended_by"}.unseen("ended_at"), "end_reason": field{name: "end_reason"}.beside("ended_at"), "replaced_by": field{name: "end_reason"}.unseen("ended_at"),
	},
	"medical_order": {"ended_at": {name: "ended_at", is: asMoment}, "ended_by": field{name: "ended_by", is: asStaff}.beside("ended_at"), "end_reason": field{name: "end_reason"}.beside("ended_at")},
	"request": {
		"cancelled_at": {name: "cancelled_at", is: asMoment}, "cancelled_by": field{name: "cancelled_by", is: asStaff}.beside("cancelled_at"),
		"cancel_reason": field{name: "cancel_reason"}.beside("cancelled_at"),
	},
	"transfer": {
		"state": coded("state", "card.transfer.state.", "asked", "taken", "refused", "withdrawn"), "decision": field{name: "decision"}.beside("state"),
		"decided_at": field{name: "decided_at", is: asMoment}.beside("state"), "decided_name": field{name: "decided_by"}.beside("state"),
		"decided_by": field{name: "decided_by", is: asStaff}.unseen("state"),
	},
	"isolation": {
		"ended_at": {name: "ended_at", is: asMoment}, "ended_by": field{name: "ended_by", is: asStaff}.beside("ended_at"), "ended_name": field{name: "ended_by"}.unseen("ended_at"),
	},
	"consent": {
		"state": coded("state", "card.consent.state.", "asked", "signed", "withdrawn"), "signed_at": field{name: "signed_at", is: asMoment}.beside("state"),
		"withdrawn_at": field{name: "withdrawn_at", is: asMoment}.beside("state"), "withdrawn_by": field{name: "withdrawn_by", is: asStaff}.beside("state"),
		"withdraw_reason": field{name: "withdraw_reason"}.beside("state"),
	},
	"form": {
		"state": coded("state", "card.node.value.form.", "valid", "voided"), "void_reason": field{name: "void_reason"}.beside("state"),
		"voided_at": field{name: "voided_at", is: asMoment}.beside("state"), "voided_by": field{name: "voided_by", is: asStaff}.beside("state"),
	},
	"form_signature": {
		"state": coded("state", "card.node.value.signature.", "asked", "signed", "refused", "expired"), "pin": field{name: "signer", is: asStaff}.beside("state"),
		"proof": field{name: "proof", is: asPresence}.beside("state"), "decided_at": field{name: "decided_at", is: asMoment}.beside("state"),
	},
	"treated_case": {
		"state": coded("state", "card.handover.state.", "queued", "accepted", "returned"), "decision": field{name: "fund_decision", is: asPresence}.beside("state"),
		"decided_at": field{name: "decided_at", is: asMoment}.beside("state"),
	},
	"bed": {
		"department": {name: "department", is: asDepartment}, "room": {name: "room"}, "name": {name: "bed_name"},
		"state": coded("state", "card.node.value.bed.", "ready", "cleaning", "closed"),
	},
	"bed_reservation": {
		"whom": {name: "whom"}, "until_at": field{name: "reserved_until", is: asMoment}.beside("whom"),
		"by_name": field{name: "by"}.beside("whom"), "by_pin": field{name: "by", is: asStaff}.unseen("whom"),
	},
	"pregnancy": {
		"organisation": {name: "clinic", is: asHospital}, "dated_from": {name: "dated_from", is: asDay}, "next_visit": {name: "next_visit", is: asDay},
		"state":    coded("state", "card.node.value.pregnancy.", "open", "closed"),
		"outcome":  coded("pregnancy_outcome", "card.antenatal.outcome.", "live_birth", "stillbirth", "miscarriage", "abortion", "ectopic", "left", "died").beside("state"),
		"ended_on": field{name: "ended_on", is: asDay}.beside("state"), "close_note": field{name: "close_note"}.beside("state"),
		"closed_at": field{name: "closed_at", is: asMoment}.beside("state"), "closed_by": field{name: "closed_by", is: asStaff}.beside("state"),
	},
	"newborn": {"birth_order": {name: "birth", is: asBirth}, "plurality": {name: "plurality"}}, // birth_order: the ids of both records
	"confinement": {
		"card": {name: "card_opened", is: asPresence}, "basis": field{name: "basis"}.beside("card"), "opened_at": field{name: "opened_at", is: asMoment}.beside("card"),
		"opened_name": field{name: "opened_by"}.beside("card"), "opened_pin": field{name: "opened_by", is: asStaff}.unseen("card"),
	},
	"tear_off_inbox": {
		"read_at": {name: "read_at", is: asMoment}, "read_name": field{name: "read_by"}.beside("read_at"), "read_pin": field{name: "read_by", is: asStaff}.unseen("read_at"),
	},
	"patient_merge": {
		"undone_at": {name: "undone_at", is: asMoment}, "undone_name": field{name: "undone_by"}.beside("undone_at"),
		"undone_by": field{name: "undone_by", is: asStaff}.unseen("undone_at"), "undo_reason": field{name: "undo_reason"}.beside("undone_at"),
	},
	"referral": {
		"state":        coded("state", "card.referral.state.", "sent", "accepted", "refused", "redirected", "not_come", "withdrawn", "admitted", "answered", "expired"),
		"appointed_at": field{name: "appointed_at", is: asMoment}.beside("state"), "valid_until": field{name: "valid_until", is: asDay}.beside("state"),
		"stay_id": field{name: "closing_stay", is: asPresence}.beside("state"), "conclusion": field{name: "conclusion"}.beside("state"),
	},
	"referral_route": {"subsystem": {name: "subsystem"}},
	"entry_template": {
		"kind": coded("entry_kind", "card.entry.", "diary", "examination", "reasoning", "consultation", "stage_epicrisis", "discharge_epicrisis", "form_correction"),
		"name": {name: "template_name"}, "body": {name: "body"}, "changed_by": field{name: "changed_by", is: asStaff}.beside("body"),
	},
	"entry_draft":     {"content": {name: "draft", is: asProse}},
	"discharge_draft": {"content": {name: "draft", is: asProse}, "saved_by": field{name: "saved_by", is: asStaff}.beside("content")},
	"change_conflict": {
		"stands": coded("stands", "card.node.", "ours", "theirs"), "both_stand": field{name: "both_stand", is: asFlag}.beside("stands"), "decided_at": field{name: "decided_at", is: asMoment}.beside("stands"),
		"decided_name": field{name: "decided_by"}.beside("stands"), "decided_by": field{name: "decided_by", is: asStaff}.unseen("stands"),
		"theirs_by": {name: "theirs_by"}, "theirs_place": field{name: "theirs_place"}.beside("theirs_by"),
	},
}

// fieldOf is how the column is shown; every column that names a patient is known
// of itself, since doubles that are merged change them all.
func fieldOf(table, column string) (field, bool) {
	f, ok := fields[table][column]
	if !ok && slices.Contains([]string{"patient_id", "mother_id", "survivor_id", "merged_id"}, column) {
		return field{name: "patient", is: asPatient}, true
	}
	return f, ok
}

// companions are the columns that are decided with the column.
func companions(table, column string) []string {
	var all []string
	for other, f := range fields[table] {
		if f.with == column {
			all = append(all, other)
		}
	}
	slices.Sort(all)
	return all
}

// names are what values of codes and ids are called.
type names struct {
	staff       map[string]string // by ПИН
	departments func(ctx context.Context, code string) string
	hospitals   func(ctx context.Context, code string) string
	beds        map[string]string // by id
	patients    map[string]string // by id
	births      map[string]string // by id
}

// read is a column's value as people read it.
func (n names) read(ctx context.Context, table, column, value string) string {
	f, ok := fieldOf(table, column)
	if value == "" || (value == "0" && f.is == asMoment) {
		return text.T(ctx, "card.node.nothing")
	}
	if !ok {
		return value
	}
	switch f.is {
	case asMoment:
		if micros, err := strconv.ParseInt(value, 10, 64); err == nil {
			return text.Moment(db.Time(micros))
		}
	case asDay:
		return text.Date(db.Date(value))
	case asFlag:
		if value == "1" {
			return text.T(ctx, "card.node.yes")
		}
		return text.T(ctx, "card.node.no")
	case asCode:
		if slices.Contains(f.codes, value) {
			return text.T(ctx, f.prefix+value) // text: card.node.value.*
		}
	case asStaff:
		if name := n.staff[value]; name != "" {
			return name
		}
		return text.T(ctx, "card.node.staff_unknown", "PIN", pin.Masked(value))
	case asDepartment:
		return n.departments(ctx, value)
	case asHospital:
		return n.hospitals(ctx, value)
	case asBed:
		return orUnknown(ctx, n.beds[value])
	case asPatient:
		return orUnknown(ctx, n.patients[value])
	case asBirth:
		return orUnknown(ctx, n.births[value])
	case asPIN:
		return pin.Grouped(value)
	case asBlood:
		return patient.BloodWord(value, "")
	case asSocial:
		if slices.Contains(patient.Social, value) {
			return patient.SocialWord(ctx, value)
		}
	case asProse:
		return prose(ctx, value)
	case asPresence:
		return text.T(ctx, "card.node.present")
	case asWritten:
	}
	return value
}

func orUnknown(ctx context.Context, name string) string {
	if name == "" {
		return text.T(ctx, "card.node.not_here")
	}
	return name
}

// prose is what people wrote in the fields of a page that was kept as JSON: codes
// of the page itself are left out.
func prose(ctx context.Context, value string) string {
	var content any
	if json.Unmarshal([]byte(value), &content) != nil {
		return value
	}
	var lines []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			word := strings.TrimSpace(v)
			if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsSpace(r) || (unicode.IsLetter(r) && r > unicode.MaxASCII) }) {
				lines = append(lines, word)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				walk(v[k])
			}
		}
	}
	walk(content)
	if len(lines) == 0 {
		return text.T(ctx, "card.node.draft_codes")
	}
	return strings.Join(lines, "\n")
}

// word is the field's name.
func (f field) word(ctx context.Context) string {
	return text.T(ctx, "card.node.field."+f.name) // text: card.node.field.*
}
