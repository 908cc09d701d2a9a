// Package message is the state message system (ГСЭС): every person's mailbox,
// and e-mail, SMS and Telegram as further ways to them.
//
//	кат кутусу     почтовый ящик     mailbox: kept here, by ПИН
//	жеткирүү       доставка          delivery: one message by one way
//
// A message is taken, its deliveries and their jobs written in one transaction;
// the same ID of the same sender is taken once. One-time codes are marked
// Secret: never kept in a mailbox, their text erased as soon as it is out, and
// not sent at all when they have grown old.
//
// Tables: message, delivery, inbox (demo only). Routes: / (mailbox), /messages/{id},
// /inbox and /inbox.json (demo only), /exchange/messages/send.
//
// Settings:
//
//	smtp_address    host:port of the server that takes our e-mail
//	smtp_from       sender's address: info@example.kg
//	smtp_user       name to sign in with; empty: no sign-in
//	smtp_password   its password
//	smtp_tls        required (default), opportunistic or none
//	sms_url         address of the SMS gateway: POST {id,from,to,text} as JSON
//	sms_key         its bearer key
//	sms_from        sender's name on the phone
//	telegram_token  the bot's token
//	telegram_url    address of the Bot API; empty: https://api.telegram.org
//
// In the demo, ways without settings lead into the demo inbox; e-mail gets
// there through a real SMTP conversation with a receiver on the loopback.
package message
