package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/wire"
)

// confined makes the test binary confine itself, try things and print what became
// of them; it names a JSON object.
const confined = "SOTTO_TEST_CONFINED"

// trials are what a confined process tries.
type trials struct {
	Reads, Writes, Outside, Program string
	Own, Other                      string // addresses where something listens
}

func TestConfinedTrials(t *testing.T) {
	var try trials
	if json.Unmarshal([]byte(os.Getenv(confined)), &try) != nil {
		t.Skip("the next test runs it")
	}
	own, _ := net.ResolveTCPAddr("tcp", try.Own)
	c := confinement{reads: []string{try.Reads}, runs: []string{"/bin", "/lib", "/lib64", "/usr", "/etc"}, writes: []string{try.Writes, "/not/there"}, port: uint16(own.Port)}
	if err := c.enforce(); err != nil {
		fmt.Println("enforce:", err)
		return
	}
	tell := func(what string, err error) { fmt.Printf("%s: %v\n", what, err == nil) }
	_, err := os.ReadFile(filepath.Join(try.Reads, "file"))
	tell("read what it may", err)
	tell("write what it may only read", os.WriteFile(filepath.Join(try.Reads, "file"), []byte("x"), 0o600))
	_, err = os.ReadFile(filepath.Join(try.Outside, "file"))
	tell("read outside", err)
	_, err = os.ReadDir(try.Outside)
	tell("list outside", err)
	tell("write outside", os.WriteFile(filepath.Join(try.Outside, "new"), nil, 0o600))
	os.Mkdir(filepath.Join(try.Writes, "room"), 0o700)
	err = os.WriteFile(filepath.Join(try.Writes, "new"), []byte("x"), 0o600)
	tell("write its own", errors.Join(err, os.Rename(filepath.Join(try.Writes, "new"), filepath.Join(try.Writes, "room", "new")), os.Truncate(filepath.Join(try.Writes, "room", "new"), 0)))
	tell("run the system's", exec.Command("/bin/true").Run())
	tell("run what it could have written", exec.Command(filepath.Join(try.Writes, "program")).Run())
	said, err := exec.Command("/bin/cat", filepath.Join(try.Outside, "file")).Output()
	tell("have a child read outside", errors.Join(err, map[bool]error{true: io.EOF}[len(said) == 0]))
	tell("ask its own port", dial(try.Own))
	tell("ask another port", dial(try.Other))
	var single net.ListenConfig
	single.SetMultipathTCP(false)
	l, err := single.Listen(context.Background(), "tcp", "127.0.0.1:0")
	tell("listen elsewhere", err)
	if err == nil {
		l.Close()
	}
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	tell("use UDP", err)
	packets.Close()
}

func dial(address string) error {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err == nil {
		conn.Close()
	}
	return err
}

func TestAConfinedProcessCanDoWhatItMustAndNoMore(t *testing.T) {
	try := trials{Reads: t.TempDir(), Writes: t.TempDir(), Outside: t.TempDir()}
	for _, folder := range []string{try.Reads, try.Outside} {
		if err := os.WriteFile(filepath.Join(folder, "file"), []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(try.Writes, "program"), program, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, at := range []*string{&try.Own, &try.Other} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		*at = l.Addr().String()
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	told, _ := json.Marshal(try)
	cmd := exec.Command(self, "-test.run", "^TestConfinedTrials$")
	cmd.Env = append(os.Environ(), confined+"="+string(told))
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), errNoSandbox.Error()) {
		t.Skip("no sandbox here: " + errNoSandbox.Error())
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for what, want := range map[string]bool{
		"read what it may": true, "write its own": true, "run the system's": true, "ask its own port": true, "use UDP": true,
		"write what it may only read": false, "read outside": false, "list outside": false, "write outside": false,
		"run what it could have written": false, "have a child read outside": false, "ask another port": false, "listen elsewhere": false,
	} {
		if !strings.Contains(string(out), fmt.Sprintf("%s: %v\n", what, want)) {
			t.Errorf("%s: want %v", what, want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// Once it is ready the daemon reads no file but its own, even where a name of its
// own leads elsewhere; what it needs later, it still can.
func TestADaemonIsConfinedAndServesAllTheSame(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	os.Mkdir(filepath.Join(dir, "tmp"), 0o700)
	state, tokens := filepath.Join(dir, "state"), filepath.Join(dir, "settings", "tokens")
	cmd, address, told := listening(t, "--state", state, "--auth", "on", "--tokens-file", tokens)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(status), "NoNewPrivs:\t1") {
		cmd.Process.Kill()
		cmd.Wait()
		t.Skip("no sandbox here: " + errNoSandbox.Error())
	}
	mine := tokensOf(t, tokens)["speak"]
	cmd.Process.Signal(syscall.SIGHUP) // it reads its tokens again, and they are as good as before
	lineWith(t, told, "configuration read again")
	heard(t, address, mine)
	inRoom(t, address, mine)
	if text, err := os.ReadFile(oneFile(t, filepath.Join(state, "room-hall", "*.log"))); err != nil || !strings.Contains(string(text), "morning") {
		t.Errorf("the room's folder does not have what was said: %v %q", err, text)
	}
	stolen := filepath.Join(outside, "tokens")
	data, err := os.ReadFile(tokens)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(stolen, data, 0o600)
	os.Remove(tokens)
	if err := os.Symlink(stolen, tokens); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	if line := lineWith(t, told, "tokens refused"); !strings.Contains(line, "permission denied") {
		t.Errorf("a name that leads elsewhere: %s", line)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// heard sends a recording that is read through ffmpeg, where that is installed, and
// wants its words.
func heard(t *testing.T, address, token string) {
	t.Helper()
	recording, err := os.ReadFile(clips + "demo.ogg")
	if err != nil {
		t.Fatal(err)
	}
	name := "demo.ogg"
	if ffmpeg, err := exec.LookPath("ffmpeg"); err == nil {
		name = filepath.Join(t.TempDir(), "demo.m4a")
		if said, err := exec.Command(ffmpeg, "-v", "error", "-t", "5", "-i", clips+"demo.ogg", name).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, said)
		}
		if recording, err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Log("no ffmpeg here: its part is left out (apt-get install ffmpeg)")
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("model", "whisper-1")
	part, _ := form.CreateFormFile("file", filepath.Base(name))
	part.Write(recording)
	form.Close()
	request, err := http.NewRequest("POST", "http://"+address+"/v1/audio/translations", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(said), "Elena") {
		t.Errorf("a recording is answered with %s %s", response.Status, said)
	}
}

// inRoom speaks in a room and hears it out.
func inRoom(t *testing.T, address, token string) {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/v1/stream", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	socket.WriteJSON(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Room: "hall"})
	sayClip(t, socket, 2.5)
	socket.WriteJSON(wire.Stop{Type: "stop"})
	hearOut(t, socket)
}

// oneFile is the only file that a pattern names.
func oneFile(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %q %v", pattern, files, err)
	}
	return files[0]
}
