package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"sotto/models/pocket"
	"sotto/transport/wire"
)

// What a daemon hears stays nowhere, and what it writes of that in its room's log
// alone: it hears a voice in a room, one in none, and a recording. The sound of
// voices is in no file at any time, that of a recording in one without a name, until it is heard.
func TestNothingStaysButTheTranscript(t *testing.T) {
	state, home := t.TempDir(), t.TempDir()
	cmd := child(t, "serve", "--listen", "127.0.0.1:0", "--state", state, "--log-level", "debug")
	cmd.Env = append(cmd.Env, "TMPDIR="+home, "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home)
	written := watched(t, cmd)
	address, told := listens(t, cmd)
	sound := demoSound(t)
	said := speakIn(t, address, "hall", sound) + speakIn(t, address, "", sound) + sendRecording(t, address)
	cmd.Process.Signal(syscall.SIGTERM)
	log, _ := io.ReadAll(told)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}

	words := regexp.MustCompile(`(?i)\b(` + strings.Join(regexp.MustCompile(`\pL{5,}`).FindAllString(said, -1), "|") + `)\b`)
	if len(said) < 600 {
		t.Fatalf("it says only %q", said)
	}
	if word := words.Find(log); word != nil {
		t.Errorf("%q is in the log:\n%s", word, log)
	}
	transcripts := 0
	for _, dir := range []string{state, home} {
		for name, data := range filesBelow(t, dir) {
			ofRoom := strings.HasPrefix(name, filepath.Join(state, "room-hall")+"/")
			switch word := words.Find(data); {
			case word != nil && !ofRoom:
				t.Errorf("%q is in %s", word, name)
			case word != nil:
				transcripts++
			}
			if len(data) > len(sound)/10 || holds(data, sound) || holds(data, pocket.Demo) {
				t.Errorf("%s, of %d bytes, holds sound", name, len(data))
			}
		}
	}
	if transcripts == 0 {
		t.Error("no file holds what was said in the room")
	}
	uploads := 0
	for _, name := range written() {
		switch {
		case strings.HasPrefix(name, filepath.Join(home, "sotto-")) && strings.HasSuffix(name, ".sound"):
			uploads++ // of which no name is left: see above
		case !strings.HasPrefix(name, state) && name != os.DevNull:
			t.Errorf("it opens %s for writing", name)
		}
	}
	if uploads > 1 {
		t.Errorf("%d files of sound were open for one recording", uploads)
	}
}

// speakIn speaks and returns what was committed.
func speakIn(t *testing.T, address, room string, sound []byte) (said string) {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	socket.WriteJSON(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Transcribe: true, Room: room})
	for piece := range slices.Chunk(sound, 8000) {
		socket.WriteMessage(websocket.BinaryMessage, piece)
	}
	socket.WriteJSON(wire.Stop{Type: "stop"})
	texts, code := hearOut(t, socket)
	if code != websocket.CloseNormalClosure {
		t.Errorf("the voice in room %q ends with %d", room, code)
	}
	return texts["es"] + texts["en"]
}

// sendRecording has a recording translated.
func sendRecording(t *testing.T, address string) string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("model", "whisper-1")
	file, _ := form.CreateFormFile("file", "secret.ogg")
	file.Write(pocket.Demo)
	form.Close()
	answer, err := http.Post("http://"+address+"/v1/audio/translations", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct{ Text string }
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", answer.Status, err)
	}
	return got.Text
}

// holds reports whether data has a piece of sound.
func holds(data, sound []byte) bool {
	for at := len(sound) / 5; at+32 <= len(sound); at += len(sound) / 50 {
		if piece := sound[at : at+32]; bytes.Count(piece, piece[:1]) < 16 && bytes.Contains(data, piece) {
			return true
		}
	}
	return false
}

func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			all[name], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// watched has a program that is not started yet run under strace. When it has
// ended, written returns the files that it opened for writing.
func watched(t *testing.T, cmd *exec.Cmd) (written func() []string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(strace, "-o", os.DevNull, "true").Run()
	}
	if err != nil {
		t.Logf("which files it opens is not seen: strace is not installed or not allowed (%v): apt-get install strace", err)
		return func() []string { return nil }
	}
	trace := filepath.Join(t.TempDir(), "trace")
	cmd.Path, cmd.Args = strace, append([]string{strace, "-D", "-f", "-q", "-y", "-e", "trace=open,openat,openat2,creat,memfd_create", "-o", trace}, cmd.Args...)
	return func() (names []string) {
		text, err := os.ReadFile(trace)
		if err != nil || !strings.Contains(string(text), "openat(") {
			t.Fatalf("strace saw nothing: %v", err)
		}
		call := regexp.MustCompile(`(?:open|openat|openat2|creat|memfd_create)\((?:[^<"]*<([^>]*)>, )?"([^"]*)"(.*)`)
		for line := range strings.Lines(string(text)) {
			m := call.FindStringSubmatch(line)
			if m == nil || !regexp.MustCompile(`O_WRONLY|O_RDWR|O_CREAT|creat\(|memfd_create`).MatchString(line) {
				continue
			}
			if name := m[2]; filepath.IsAbs(name) {
				names = append(names, name)
			} else {
				names = append(names, filepath.Join(m[1], name))
			}
		}
		return names
	}
}
