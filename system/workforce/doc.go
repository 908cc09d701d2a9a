// Package workforce is НИСУР, the register of health organisations and staff:
// who works where, as what, since when and until when. Every system asks it
// which posts a person holds today; that decides what the person may do.
//
//	уюм        организация   organisation, 6-digit code
//	бөлүм      отделение     department, 2-digit code
//	кызмат     должность     post: a title held in an organisation for a time
//
// Tables: organisation with organisation_version (what it was, from when, by
// which order), department, bed, post, licence, scan, responsible,
// equipment_report, equipment_line, equipment_call, change (before and after).
// Routes: /organisations, …/{code} with /edit, /close, /departments, /staff,
// /posts, /licences, /equipment, /responsible, /changes; /equipment and
// /responsible for those who keep the register; /exchange/….
package workforce
