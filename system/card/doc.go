// Package card is the digital patient card of an inpatient organisation
// («Цифровая медицинская карта пациента», «Бейтаптын санариптик медициналык
// картасы»): from the admission to form 066/у and its hand-over to the fund.
//
// Words: пациент / бейтап (patient), поступление / жаткыруу (admission), случай
// госпитализации / жатып дарылануу (stay), отделение / бөлүм (department), койка
// / керебет (bed), история болезни / оору тарыхы (case history), выписка /
// чыгаруу (discharge).
//
// Pages: /ward, /patients, /patients/{id}, /patients/{id}/admit, and of a stay
// /stays/{id} with /orders, /operations, /moves, /diagnoses, /discharge, /form.
// Tables: migration/. Subjects: internal/.
package card
