// Package insurance is ФОМС «Пролеченный случай»: it takes in treated cases
// (form 066/у), checks, groups and prices them, accepts or returns them, and
// lets the fund's experts see them and their monthly totals.
//
//	пролеченный случай   дарыланган учур    treated case
//	КЗГ                  клиникалык топ     clinical group
//	сооплата             кошумча төлөм      co-payment
//
// Tables: treated_case, case_decision, intake_lock. Routes: / and the public
// /rules, /rules.json, /prices; for experts /cases, /cases/{id}, /totals,
// /totals.csv; /exchange/treated-cases, /exchange/rules.
//
// The rules are data in internal/rule/catalogue.json, the groups and rates in
// internal/price/demo.json: an invented table that says so. The setting
// price_tables names a JSON file of the same form to be used instead.
package insurance
