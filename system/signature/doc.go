// Package signature is the signature service: electronic seals of state systems
// under what they issue, and their checking by anyone (S4 decree п.2, 4; SG-1);
// the certification authority of people's certificates; people's cloud
// signatures with one-time PINs (ID-12).
//
//	мөөр                    печать                seal: a signature made by a system, not by a person
//	тастыктама              сертификат            certificate
//	тастыктоо борбору       удостоверяющий центр  certification authority
//	булуттагы кол тамга     облачная подпись      cloud signature: the service holds the person's key
//	бир жолку PIN-код       одноразовый PIN-код   one-time PIN, mailed; its use makes the next
//	убакыт белгиси          метка времени         time-stamp
//
// At its first start the service makes an authority for seals and an ECDSA P-256
// key with a certificate from it, and the certification authority of people's
// certificates. Private keys lie sealed with AES-256-GCM under the system's
// secret, or in a PKCS #11 module. Keys are replaced in their time; certificates
// stay, so that what was sealed or signed can be checked for ever.
//
// Tables: authority, signing_key, seal; ca_key, certificate, certified_key,
// revocation_list; cloud_person, cloud_code, cloud_attempt, cloud_token,
// cloud_signature.
//
// Routes: / (certificates), /certificates/{name}.pem;
// /ca/{root,issuing}[-N].{crt,crl}, /ocsp (RFC 6960), /tsp (RFC 3161);
// /api/oep/… (the cloud signature for organisations); /exchange/seals/…,
// /exchange/authority/…, /exchange/cloud/…; in the demo /demo/cards.
//
// Errors of /api/oep/ have stable codes: 1 no bearer, 2 another organisation's
// ИНН, 10 wrong PIN, 11 too many tries, 12 the token is over, 13 the certificate
// is not in force, 20 no SHA-256, 21 no such method; else the HTTP status.
//
// Settings:
//
//	rotate_days     after how many days a new key of seals is made; default 365
//	ca_key          kind of the authority's keys: ecdsa-p256 (default), rsa-2048
//	policy          object identifier of the authority's policies
//	keystore        software (default) or pkcs11 (a program built with -tags pkcs11)
//	pkcs11_module   file of the module; pkcs11_token its label; pkcs11_pin its PIN
//	organisations   who may ask at /api/oep/: INN:TOKEN:NAME; …
package signature
