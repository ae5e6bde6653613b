package voice_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"sotto/transport/doortest"
	"sotto/transport/room"
	"sotto/transport/voice"
)

// What a client names wrongly is its own fault, and takes neither seat nor room.
func TestANameThatIsTooLongIsRefused(t *testing.T) {
	rooms, _ := room.OpenStore("", 4, room.Options{})
	defer rooms.Close()
	engine := doortest.Polyglot(t, "../..", 1)
	hall := &voice.Hall{Engine: engine, Rooms: rooms, Log: slog.New(slog.DiscardHandler)}
	opt := voice.Options{Source: "es", Targets: []string{"en"}, Room: "hall", Name: strings.Repeat("x", room.MaxName+1)}
	var no *voice.Refusal
	if _, err := hall.Open(opt); !errors.As(err, &no) || no.Code != voice.Room || no.Hint == "" {
		t.Errorf("%+v", err)
	}
	if n := engine.Load().Voices; n != 0 || rooms.Sums().Rooms != 0 {
		t.Errorf("%d voices, %d rooms are left", n, rooms.Sums().Rooms)
	}
	opt.Name = opt.Name[1:]
	v, err := hall.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
	v.Leave()
}
