// Package signature is the signature service: electronic seals of state systems
// under what they issue, and their checking by anyone (S4 decree п.2, 4; SG-1).
//
//	мөөр          печать        seal: a signature made by a system, not by a person
//	тастыктама    сертификат    certificate of the key that makes seals
//
// At its first start the service makes a certificate authority of its own and an
// ECDSA P-256 key with a certificate from it. Private keys lie sealed with
// AES-256-GCM under the system's secret. A key is replaced after a year; its
// certificate stays, so that what it sealed can be checked for ever.
//
// Tables: authority, signing_key, seal. Routes: / (certificates),
// /certificates/{name}.pem, /exchange/seals/make, /exchange/seals/check.
//
// Settings:
//
//	rotate_days   after how many days a new key is made; default 365
package signature
