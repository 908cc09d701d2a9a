// Package telegram is the bot of ЕСИ (ID-6): people come to it by a link from
// ЕСИ's page, press «Start», and it tells ЕСИ in which chat they are. Codes and
// messages go out by the carrier; the bot only listens and answers.
package telegram

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
)

// Binder is ЕСИ: it takes who came with which token.
type Binder interface {
	BindTelegram(ctx context.Context, token, chat string) (bool, error)
}

// Talk is what the bot knows to say.
type Talk struct {
	Identity Binder
	Texts    *text.Catalogue
	Log      *slog.Logger
}

// Answer is the bot's answer to a line that came in the chat, in the languages
// of the country. "" where there is nothing to say.
func (t *Talk) Answer(ctx context.Context, chat, line, language string) string {
	command, token, _ := strings.Cut(strings.TrimSpace(line), " ")
	command, _, _ = strings.Cut(command, "@") // in groups the bot's name follows
	lang, known := text.Parse(language)
	if !known {
		lang = text.KY
	}
	say := func(key string, pairs ...any) string { return t.Texts.Words(key, pairs...).In(lang) }
	if command != "/start" {
		return say("message.telegram.help")
	}
	if token = strings.TrimSpace(token); token == "" {
		return say("message.telegram.start")
	}
	expected, err := t.Identity.BindTelegram(ctx, token, chat)
	switch {
	case fail.Is(err, fail.TooMany):
		return say("message.telegram.many")
	case err != nil:
		t.Log.WarnContext(ctx, "the Telegram bot could not ask ЕСИ", "system", "message", "error", err.Error())
		return say("message.telegram.later")
	case !expected:
		return say("message.telegram.old")
	}
	return say("message.telegram.bound", "Chat", chat)
}

const workers = 4 // lines that are answered at once

// Bot listens to Telegram.
type Bot struct {
	Token string
	URL   string // "" is https://api.telegram.org
	Talk  *Talk
	Poll  time.Duration // how long one question to Telegram waits; 0: a minute
}

// Run listens until ctx ends. Telegram gives each line to one listener: where
// several processes run the message system, one of them has it.
func (b *Bot) Run(ctx context.Context) {
	poll := b.Poll
	if poll == 0 {
		poll = time.Minute
	}
	options := []bot.Option{
		bot.WithSkipGetMe(), // a net that is down at the start must not keep the system from starting
		bot.WithHTTPClient(poll, &http.Client{Timeout: poll + 10*time.Second}),
		bot.WithAllowedUpdates(bot.AllowedUpdates{"message"}),
		bot.WithErrorsHandler(func(err error) {
			if !errors.Is(err, context.Canceled) {
				b.Talk.Log.Warn("Telegram does not answer", "system", "message", "error", b.hide(err))
			}
		}),
		bot.WithDefaultHandler(b.take),
		bot.WithNotAsyncHandlers(), // lines in hand are bounded, and answered before Run returns
		bot.WithWorkers(workers),
	}
	if b.URL != "" {
		options = append(options, bot.WithServerURL(strings.TrimSuffix(b.URL, "/")))
	}
	listener, err := bot.New(b.Token, options...)
	if err != nil {
		b.Talk.Log.Warn("the Telegram bot was not set up", "system", "message", "error", b.hide(err))
		return
	}
	listener.Start(ctx)
}

// hide keeps the token, which is part of every address, out of the log.
func (b *Bot) hide(err error) string { return strings.ReplaceAll(err.Error(), b.Token, "•••") }

func (b *Bot) take(ctx context.Context, to *bot.Bot, update *models.Update) {
	m := update.Message
	if m == nil || m.Text == "" || m.Chat.Type != models.ChatTypePrivate || len(m.Text) > 4096 {
		return // in a group everybody would read the code
	}
	language := ""
	if m.From != nil {
		language = m.From.LanguageCode
	}
	answer := b.Talk.Answer(ctx, strconv.FormatInt(m.Chat.ID, 10), m.Text, language)
	if answer == "" {
		return
	}
	if _, err := to.SendMessage(ctx, &bot.SendMessageParams{ChatID: m.Chat.ID, Text: answer}); err != nil {
		b.Talk.Log.WarnContext(ctx, "the Telegram bot could not answer", "system", "message", "error", b.hide(err))
	}
}
