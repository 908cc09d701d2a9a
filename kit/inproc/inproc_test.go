package inproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestLocalHandlerAnswersAsOverTheWire(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Host", r.Host)
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "never seen")
		_, _ = fmt.Fprintf(w, "%s %s %s", r.PathValue("name"), r.URL.Query().Get("q"), body)
	})
	road := New(nil)
	if err := road.Serve("http://card.localhost:8080", mux); err != nil {
		t.Fatal(err)
	}
	response, err := road.Client().Post("http://CARD.localhost:8080/echo/a%2Fb?q=1", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusTeapot || string(body) != "a/b 1 hello" {
		t.Errorf("got %d %q", response.StatusCode, body)
	}
	if response.Header.Get("X-Host") != "CARD.localhost:8080" || response.Header.Get("X-Late") != "" {
		t.Errorf("headers %v", response.Header)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	road := New(nil)
	_ = road.Serve("http://a.localhost:1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	_, err := road.Client().Get("http://a.localhost:1/")
	if _, ok := errors.AsType[*PanicError](err); !ok {
		t.Errorf("got %v, want a PanicError", err)
	}
}

func TestAContextThatEndsFreesTheCaller(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	road := New(nil)
	_ = road.Serve("http://a.localhost:1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://a.localhost:1/", nil)
	_, err := road.Client().Do(request)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestOthersGoOverTheNetworkAndRedirectsAreNotFollowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
	}))
	defer server.Close()
	// A name under .localhost is this machine, whatever the resolver says.
	address := strings.Replace(server.URL, "127.0.0.1", "insurance.localhost", 1)
	response, err := New(nil).Client().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusFound {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestTooLargeIsRefused(t *testing.T) {
	road := New(nil)
	_ = road.Serve("http://a.localhost:1", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 1<<20)
		for range MaxBody/len(chunk) + 1 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	if _, err := road.Client().Get("http://a.localhost:1/"); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}
