package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// SMS hands letters to an operator's gateway over HTTP: POST with a bearer key
// and {"id","from","to","text"} as JSON; 2xx means taken. Other gateways come
// with their own Carrier.
type SMS struct {
	URL, Key, From string
	HTTP           *http.Client
}

// Carry implements Carrier.
func (s SMS) Carry(ctx context.Context, l Letter) error {
	status, _, err := post(ctx, s.HTTP, s.URL, s.Key, map[string]string{"id": l.ID, "from": s.From, "to": l.Address, "text": l.Text()})
	switch {
	case err != nil:
		return hide(err, l)
	case status < 300:
		return nil
	case status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: the SMS gateway answered %d", ErrUnreachable, status)
	}
	return fmt.Errorf("the SMS gateway answered %d", status)
}

// Telegram hands letters to the Bot API; the address is the chat's id.
type Telegram struct {
	Token string
	URL   string // "" is https://api.telegram.org
	HTTP  *http.Client
}

// Carry implements Carrier.
func (t Telegram) Carry(ctx context.Context, l Letter) error {
	base := t.URL
	if base == "" {
		base = "https://api.telegram.org"
	}
	status, body, err := post(ctx, t.HTTP, strings.TrimSuffix(base, "/")+"/bot"+t.Token+"/sendMessage", "", map[string]string{"chat_id": l.Address, "text": l.Text()})
	if err != nil {
		// The address of the request holds the bot's token.
		return errors.New(strings.ReplaceAll(hide(err, l).Error(), t.Token, "•••"))
	}
	var answer struct {
		OK bool `json:"ok"`
	}
	switch {
	case status == http.StatusOK && json.Unmarshal(body, &answer) == nil && answer.OK:
		return nil
	case status == http.StatusBadRequest || status == http.StatusForbidden: // no such chat, or the bot was blocked
		return fmt.Errorf("%w: Telegram answered %d", ErrUnreachable, status)
	}
	return fmt.Errorf("the Bot API answered %d", status)
}

func post(ctx context.Context, client *http.Client, url, key string, in any) (int, []byte, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(data))
	if err != nil {
		return 0, nil, errors.New("the provider's address cannot be read") // err would show it
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, body, err
}
