// Package portal is the State Portal of electronic services (Госпортал): its
// catalogue, applications, information documents, their verification, and who
// used whose data (S1, S4; PT-1 to PT-20).
//
//	кызмат                  услуга                  service of the catalogue
//	арыз                    заявка                  application: a service ordered by a person
//	маалымат документи      информационный документ document: numbered, sealed, checkable by anyone
//	текшерүү коду           код проверки            check code on a document
//
// An application is kept first and answered then: at once if the provider
// answers, else by a job that tries until it does. A document gets its number and
// check code first; its bytes follow from what is stored, so that they are the
// same however often they are made; it is ready when the signature service has
// sealed their SHA-256.
//
// A service may ask that the person signs the application (a field of the
// catalogue): what is signed is made once and kept byte for byte, the person signs
// it at ЕСИ, the proof stands beside it, and only then an executor sees it.
//
// Tables: application, application_event, application_signature, document, share, share_opening,
// verify_miss, sequence. Routes: / (catalogue), /services/{id}, /my/…,
// /desk (executors), /verify…, /shared/{id}/{key}, /exchange/documents/….
package portal
