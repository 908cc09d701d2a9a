// Package insurance is ФОМС «Пролеченный случай»: it takes in treated cases
// (form 066/у), through the exchange or entered by hand, checks, groups and
// prices them, accepts or returns them, hears appeals, and settles months by
// acts.
//
//	пролеченный случай   дарыланган учур    treated case
//	КЗГ                  клиникалык топ     clinical group
//	сооплата             кошумча төлөм      co-payment
//	возражение           даттануу           appeal
//	акт за месяц         айлык акт          monthly act
//
// Tables: treated_case, case_decision, case_step, case_double, person_apart,
// entry_draft, price_table, appeal_term, sender, rerun, act, act_case,
// intake_lock. Routes: / and the public /rules,
// /rules.json, /prices, /simulator and /simulator/treated-cases; for experts of
// the fund and, of their own, for operators of hospitals /cases, /cases/{id}
// with /why and /step, /totals, /acts, /acts/reconcile; for experts /rerun; for
// operators /entry; /exchange/treated-cases, /exchange/rules.
//
// The rules are part of the contract (insuranceapi/rule), so that who sends
// cases runs them too. Groups and rates are dated tables: imported ones
// (price_table), before them those that the setting price_tables names, or the
// invented ones of internal/price/demo.json, which say so.
package insurance
