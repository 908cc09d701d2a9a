package carrier

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var letter = Letter{ID: "0192-1", Address: "jumabekov@demo.sanarip.example", Subject: "Көчүрмөңүз даяр", Body: "Ң Ө Ү: портал.", Link: "http://portal.localhost:8080/my"}

// mailServer is an SMTP server of few words: answers gives its answer to each
// command ("RCPT", "DATA", "." for the end of the letter), "" for the usual one.
func mailServer(t *testing.T, greeting string, answers func(command string) string) (address string, got func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var mu sync.Mutex
	var all strings.Builder
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				talk(conn, greeting, answers, func(line string) {
					mu.Lock()
					defer mu.Unlock()
					all.WriteString(line + "\n")
				})
			}()
		}
	}()
	return listener.Addr().String(), func() string { mu.Lock(); defer mu.Unlock(); return all.String() }
}

func talk(conn net.Conn, greeting string, answers func(string) string, note func(string)) {
	say := func(s string) { _, _ = fmt.Fprintf(conn, "%s\r\n", s) }
	say(greeting)
	lines := bufio.NewScanner(conn)
	inData := false
	for lines.Scan() {
		line := lines.Text()
		note(line)
		if inData && line != "." {
			continue
		}
		command, _, _ := strings.Cut(strings.ToUpper(line), " ")
		answer := answers(command)
		if answer == "" {
			answer = map[string]string{"EHLO": "250-localhost\r\n250 8BITMIME", "DATA": "354 go on", "QUIT": "221 bye"}[command]
		}
		if answer == "" {
			answer = "250 ok"
		}
		inData = command == "DATA" && strings.HasPrefix(answer, "354")
		say(answer)
	}
}

func TestEmail(t *testing.T) {
	tries := 0
	for name, c := range map[string]struct {
		greeting    string
		answers     func(string) string
		want        []bool // outcome of each try: true is taken
		unreachable bool
	}{
		"taken":           {"220 hello", func(string) string { return "" }, []bool{true}, false},
		"no such mailbox": {"220 hello", on("RCPT", "550 5.1.1 <jumabekov@demo.sanarip.example> unknown"), []bool{false}, true},
		"busy, then taken": {"220 hello", func(command string) string {
			if command == "RCPT" {
				if tries++; tries == 1 {
					return "451 4.7.1 try again later"
				}
			}
			return ""
		}, []bool{false, true}, false},
		"letter refused for now": {"220 hello", on(".", "452 4.3.1 no room"), []bool{false}, false},
		"we are refused":         {"220 hello", on("MAIL", "550 5.7.1 not from you"), []bool{false}, false},
		"closes its door":        {"421 busy", func(string) string { return "" }, []bool{false}, false},
		"garbage":                {"\x00\xff\x17 PNG !!", func(string) string { return "\xde\xad" }, []bool{false}, false},
		"very long line":         {"220 " + strings.Repeat("x", 1<<20), func(string) string { return strings.Repeat("y", 1<<16) }, []bool{false}, false},
	} {
		t.Run(name, func(t *testing.T) {
			address, got := mailServer(t, c.greeting, c.answers)
			email := Email{Address: address, From: "info@example.kg", FromName: "Sanarip", TLS: "none", Timeout: time.Minute}
			for i, taken := range c.want {
				err := email.Carry(t.Context(), letter)
				if (err == nil) != taken {
					t.Fatalf("try %d: %v", i, err)
				}
				if errors.Is(err, ErrUnreachable) != c.unreachable {
					t.Errorf("unreachable is %v: %v", !c.unreachable, err)
				}
				if err != nil && strings.Contains(err.Error(), letter.Address) {
					t.Errorf("the error names the person: %v", err)
				}
			}
			if c.want[len(c.want)-1] && !strings.Contains(got(), "Message-ID: <0192-1@sanarip>") {
				t.Errorf("the letter lacks the delivery's id:\n%s", got())
			}
		})
	}
}

func on(command, answer string) func(string) string {
	return func(got string) string {
		if got == command {
			return answer
		}
		return ""
	}
}

// TestEmailSlow: a server that drips its words holds a worker for the limit, no longer.
func TestEmailSlow(t *testing.T) {
	address, _ := mailServer(t, "220 hello", func(string) string {
		time.Sleep(400 * time.Millisecond)
		return ""
	})
	start := time.Now()
	err := Email{Address: address, From: "info@example.kg", TLS: "none", Timeout: 600 * time.Millisecond}.Carry(t.Context(), letter)
	if err == nil || time.Since(start) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// TestEmailNeedsTLS: without a word to the contrary no letter goes in the clear.
func TestEmailNeedsTLS(t *testing.T) {
	address, got := mailServer(t, "220 hello", func(string) string { return "" })
	if err := (Email{Address: address, From: "info@example.kg", Timeout: time.Second}).Carry(t.Context(), letter); err == nil {
		t.Error("the letter was sent without TLS")
	}
	if strings.Contains(got(), "DATA") {
		t.Error("the letter went out in the clear")
	}
}

func TestEmailHeaderInjection(t *testing.T) {
	address, got := mailServer(t, "220 hello", func(string) string { return "" })
	bad := letter
	bad.Subject = "Салам\r\nBcc: other@example.kg\r\n\r\nbody"
	if err := (Email{Address: address, From: "info@example.kg", TLS: "none", Timeout: time.Minute}).Carry(t.Context(), bad); err != nil {
		return // refusing it is as good
	}
	for line := range strings.SplitSeq(got(), "\n") {
		if strings.HasPrefix(line, "Bcc:") {
			t.Error("a line of the subject became a header")
		}
	}
}

func TestHTTPCarriers(t *testing.T) {
	for _, c := range []struct {
		status      int
		body        string
		err         bool
		unreachable bool
	}{
		{200, `{"ok":true}`, false, false},
		{200, `garbage`, true, false}, // telegram only
		{400, `{"ok":false}`, true, true},
		{429, `{}`, true, false},
		{500, `oops`, true, false},
	} {
		var path, body string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path = r.URL.Path
			line, _ := bufio.NewReader(r.Body).ReadString('\n')
			body = line
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		for name, way := range map[string]Carrier{
			"telegram": Telegram{Token: "123:secret", URL: server.URL, HTTP: server.Client()},
			"sms":      SMS{URL: server.URL + "/send", Key: "k", From: "Sanarip", HTTP: server.Client()},
		} {
			err := way.Carry(t.Context(), Letter{ID: "1", Address: "+996700100217", Body: "123456"})
			wantErr := c.err && (name != "sms" || c.status != 200)
			if (err != nil) != wantErr || errors.Is(err, ErrUnreachable) != (c.unreachable && wantErr) {
				t.Errorf("%s, %d: %v", name, c.status, err)
			}
			if !strings.Contains(body, "123456") {
				t.Errorf("%s sent %s to %s", name, body, path)
			}
		}
		server.Close()
	}
	// The bot's token is part of the address and must not reach the log.
	err := Telegram{Token: "123:secret", URL: "http://127.0.0.1:1"}.Carry(context.Background(), letter)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}
