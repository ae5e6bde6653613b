package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/doortest"
)

const (
	secrets            = sessions + "/client_secrets"
	translationSecrets = translations + "/client_secrets"
	betaSecrets        = sessions + "/transcription_sessions"
)

func (d *door) post(t *testing.T, path, body string) (status int, reply map[string]any) {
	t.Helper()
	response, err := d.server.Client().Post(d.server.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, _ := io.ReadAll(response.Body)
	if err := json.Unmarshal(data, &reply); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return response.StatusCode, reply
}

func TestAKeyRemembersItsSession(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	status, reply := d.post(t, translationSecrets, `{"expires_after":{"anchor":"created_at","seconds":10},"session":{"model":"gpt-realtime-translate","audio":{"output":{"language":"de"}}}}`)
	key, _ := reply["value"].(string)
	expires, _ := reply["expires_at"].(float64)
	left := time.Until(time.Unix(int64(expires), 0))
	if status != 200 || !strings.HasPrefix(key, "ek_") || left < 8*time.Second || left > 10*time.Second {
		t.Fatalf("%d %v, %v left", status, reply, left)
	}
	target := func(header http.Header, protocols []string, path string) string {
		dialer := websocket.Dialer{Subprotocols: protocols}
		socket, _, err := dialer.Dial(d.url(path), header)
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		e := (&client{t, socket}).next()
		var s struct {
			Audio struct{ Output struct{ Language string } }
		}
		json.Unmarshal(e.Session, &s)
		return s.Audio.Output.Language
	}
	bearer := http.Header{"Authorization": {"Bearer " + key}}
	if got := target(bearer, nil, translations); got != "de" {
		t.Errorf("with the header it is %q", got)
	}
	if got := target(nil, []string{"realtime", keyPrefix + key}, translations); got != "de" {
		t.Errorf("with the subprotocol it is %q", got)
	}
	if got := target(nil, nil, translations); got != "en" {
		t.Errorf("without the key it is %q", got)
	}
	if got := target(bearer, nil, transcriptions); got != "" {
		t.Errorf("another kind of session begins with %q", got)
	}
	d.keys.made[key] = made{d.keys.made[key].config, time.Now().Add(-time.Second)}
	if got := target(bearer, nil, translations); got != "en" {
		t.Errorf("with a key that has expired it is %q", got)
	}
}

func TestKeysAreRemembered(t *testing.T) {
	var k keys
	soon, later := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for i := range 2 * maxKeys {
		expires := soon
		if i%2 == 0 {
			expires = later
		}
		k.add(strconv.Itoa(i), made{newConfig(translation), expires})
	}
	if len(k.made) > maxKeys {
		t.Errorf("%d keys", len(k.made))
	}
	if _, ok := k.made[strconv.Itoa(2*maxKeys-1)]; !ok {
		t.Error("the newest is forgotten")
	}
}

func TestBadRequestsForKeys(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	for _, tt := range []struct{ path, body, code, param string }{
		{secrets, `{`, "invalid_json", ""},
		{secrets, `{"session":{"type":"realtime","model":"gpt-realtime"}}`, "invalid_value", "session.type"},
		{secrets, `{"session":{"type":"transcription"},"expires_after":{"seconds":5}}`, "invalid_value", "expires_after.seconds"},
		{secrets, `{"expires_after":{"anchor":"yesterday"}}`, "invalid_value", "expires_after.anchor"},
		{translationSecrets, `{"session":{"model":"tts-1"}}`, "model_not_found", "model"},
		{translationSecrets, `{"session":{"audio":{"output":{"language":"ja"}}}}`, "invalid_value", "session.audio.output.language"},
		{betaSecrets, `{"input_audio_format":"g711_alaw"}`, "invalid_value", "input_audio_format"},
		{betaSecrets, `{"client_secret":{"expires_at":{"seconds":1e9}}}`, "invalid_value", "client_secret.expires_at.seconds"},
		{secrets, `{"session":"` + strings.Repeat("x", maxBody) + `"}`, "invalid_body", ""},
	} {
		status, reply := d.post(t, tt.path, tt.body)
		e, _ := reply["error"].(map[string]any)
		param, _ := e["param"].(string)
		if status != 400 || e["code"] != tt.code || param != tt.param || e["type"] != "invalid_request_error" {
			t.Errorf("%s %.80s: %d %v", tt.path, tt.body, status, reply)
		}
	}
}

func TestSomebodyElseMakesKeys(t *testing.T) {
	expires := time.Unix(2e9, 0)
	var asked time.Duration
	var broken error
	d := openDoor(t, doortest.Pocket(t, 1), func(opt *Options) {
		opt.Mint = func(_ context.Context, ttl time.Duration) (string, time.Time, error) {
			asked = ttl
			return "theirs", expires, broken
		}
	})
	status, reply := d.post(t, secrets, "")
	if status != 200 || reply["value"] != "theirs" || reply["expires_at"] != 2e9 || asked != 10*time.Minute {
		t.Errorf("%d %v for %v", status, reply, asked)
	}
	if status, reply := d.post(t, betaSecrets, `{"client_secret":{"expires_at":{"seconds":30}}}`); status != 200 || reply["client_secret"].(map[string]any)["value"] != "theirs" || asked != 30*time.Second {
		t.Errorf("%d %v for %v", status, reply, asked)
	}
	broken = errors.New("the reason")
	if status, reply := d.post(t, secrets, ""); status != 500 || strings.Contains(reply["error"].(map[string]any)["message"].(string), "the reason") {
		t.Errorf("%d %v", status, reply)
	}
}
