// Package payment is the state e-payment system (ГСЭП): charges with a unique
// id, which goes on the payment document (S4 п.30–32; PY-1, PT-10).
//
//	чегерүү    начисление    charge: what is to be paid, by whom, for what
//
// The same reference of the same subsystem is one charge, however often it is
// asked for. Paying through banks is the next part; until then charges are made
// and told, and stay due.
//
// Tables: charge. Routes: / (what this is), /exchange/charges/make, /exchange/charges/find.
package payment
