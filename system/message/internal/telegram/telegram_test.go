package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message"
	"github.com/sanarip/sanarip/system/message/internal/telegram"
)

type binder struct {
	mu    sync.Mutex
	asked []string
}

func (b *binder) BindTelegram(_ context.Context, token, chat string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, token+" "+chat)
	if token == "broken" {
		return false, errors.New("no net")
	}
	return token == "right", nil
}

// api is Telegram: it hands out the lines once and keeps what is sent.
type api struct {
	mu    sync.Mutex
	lines []string // updates as JSON
	sent  []string
	paths []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = r.ParseMultipartForm(1 << 20)
	a.paths = append(a.paths, r.URL.Path)
	switch {
	case strings.HasSuffix(r.URL.Path, "/getUpdates"):
		updates := "[" + strings.Join(a.lines, ",") + "]"
		a.lines = nil
		if updates == "[]" {
			time.Sleep(20 * time.Millisecond)
		}
		_, _ = io.WriteString(w, `{"ok":true,"result":`+updates+`}`)
	case strings.HasSuffix(r.URL.Path, "/sendMessage"):
		a.sent = append(a.sent, r.FormValue("chat_id")+": "+r.FormValue("text"))
		_, _ = io.WriteString(w, `{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}}`)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"ok":false,"error_code":404,"description":"no such method"}`)
	}
}

func line(id, chat int, kind, said, language string) string {
	data, _ := json.Marshal(map[string]any{"update_id": id, "message": map[string]any{
		"message_id": id, "date": 1, "text": said, "chat": map[string]any{"id": chat, "type": kind}, "from": map[string]any{"id": chat, "first_name": "A", "language_code": language},
	}})
	return string(data)
}

func TestTheBotTellsWhoCameAndAnswers(t *testing.T) { // ID-6
	server := &api{lines: []string{
		line(1, 4242, "private", "/start right", "ru"),
		line(2, 4243, "private", "/start old", "ky"),
		line(3, 4244, "private", "/start", "en"),
		line(4, 4245, "private", "hello", "de"),
		line(5, -100, "group", "/start right", "ru"), // everybody there would read the code
		line(6, 4246, "private", "/start broken", "ru"),
	}}
	remote := httptest.NewServer(server)
	defer remote.Close()
	identity := &binder{}
	var log bytes.Buffer
	talk := &telegram.Talk{Identity: identity, Texts: text.MustLoad(design.Texts, message.Texts), Log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&telegram.Bot{Token: "123:secret", URL: remote.URL, Talk: talk, Poll: 2 * time.Second}).Run(ctx)
	}()
	deadline := time.Now().Add(time.Minute)
	for {
		server.mu.Lock()
		count := len(server.sent)
		server.mu.Unlock()
		if count >= 5 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d answers: %v", count, server.sent)
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	<-done
	all := strings.Join(server.sent, "\n")
	for _, want := range []string{"4242: Ваш user_id: 4242", "4243: Бул шилтеменин", "4244: Hello!", "4245: Мен ЕСИнин ботумун", "4246: Сейчас нет связи"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q was not said:\n%s", want, all)
		}
	}
	if len(server.sent) != 5 || strings.Contains(all, "-100") {
		t.Fatal(all)
	}
	if got := strings.Join(identity.asked, ","); !strings.Contains(got, "right 4242") || strings.Contains(got, "-100") {
		t.Fatal(got)
	}
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "broken") {
		t.Fatal(log.String())
	}
}

// Telegram that is down or refuses the token is no reason to stop, and its
// errors do not tell the token.
func TestTheBotOutlivesTelegram(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	log := untilSaid{stop: stop}
	talk := &telegram.Talk{Identity: &binder{}, Texts: text.MustLoad(design.Texts, message.Texts), Log: slog.New(slog.NewTextHandler(&log, nil))}
	(&telegram.Bot{Token: "123:secret", URL: "http://127.0.0.1:1", Talk: talk, Poll: time.Second}).Run(ctx)
	if !strings.Contains(log.String(), "does not answer") || strings.Contains(log.String(), "secret") {
		t.Fatal(log.String())
	}
}

// untilSaid is a log that stops what writes to it after the first line.
type untilSaid struct {
	bytes.Buffer
	stop func()
}

func (u *untilSaid) Write(p []byte) (int, error) {
	defer u.stop()
	return u.Buffer.Write(p)
}
