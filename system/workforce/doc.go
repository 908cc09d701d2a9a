// Package workforce is НИСУР, the register of health organisations and staff:
// who works where, as what, since when and until when. Every system asks it
// which posts a person holds today; that decides what the person may do.
//
//	уюм        организация   organisation, 6-digit code
//	бөлүм      отделение     department, 2-digit code
//	кызмат     должность     post: a title held in an organisation for a time
//
// Tables: organisation, department, bed, post. Routes: /organisations/{code},
// …/departments, …/staff, …/posts/add, …/posts/{id}/end, /exchange/….
package workforce
