package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func get(t *testing.T, url string, change func(*http.Request)) (status int, body string) {
	t.Helper()
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(request)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(data)
}

func TestProfilesHaveTheirOwnDoorForThisMachine(t *testing.T) {
	checkRefusal(t, call(t, "serve", "--listen", "127.0.0.1:0", "--pprof", "0.0.0.0:0"), exitUsage, `--pprof is "0.0.0.0:0"`, "127.0.0.1")
	cmd, address, told := listening(t, "--pprof", "127.0.0.1:0")
	if status, _ := get(t, "http://"+address+"/debug/pprof/", nil); status != 404 {
		t.Errorf("the open door answers with %d", status)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	cmd.Wait()
}

func TestWhatADaemonHeardIsInItsMetrics(t *testing.T) {
	cmd, address, told := listening(t)
	socket := startVoice(t, address, nil)
	sayClip(t, socket, 9)
	socket.WriteJSON(map[string]string{"type": "stop"})
	texts, _ := hearOut(t, socket)
	status, body := get(t, "http://"+address+"/metrics", nil)
	words := regexp.MustCompile(`\nsotto_words_total ([0-9.e+]+)\n`).FindStringSubmatch(body)
	said := len(strings.Fields(texts["en"] + " " + texts["es"]))
	if status != 200 || words == nil || said < 20 {
		t.Fatalf("%d, words %v, said %d:\n%s", status, words, said, body)
	}
	for _, want := range []string{"sotto_voices 0", "sotto_level 0", "sotto_kv_bytes 0", "sotto_refused_total 0", "sotto_frame_lag_seconds_count 225"} {
		if !strings.Contains(body, "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	cmd.Wait()
}
