package hub

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sotto/models/hub/hubtest"
)

// hook is what a server does instead of its duty, when it returns true.
type hook = hubtest.Hook

// hostile is one case of the catalogue of bad servers. After each the store must
// hold no wrong file, and an honest server must be able to complete it.
type hostile struct {
	name       string
	hub, large func(*hubtest.Server, *hubtest.Repo) hook
	kind       Kind // "" when the pull must succeed all the same
	says       string
	told       string // among the notices
	slow       bool   // the server has to be given up for being slow
}

// raw answers with these bytes and closes the connection.
func raw(text string) hook {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Write([]byte(text))
			conn.Close()
		}
		return true
	}
}

// every makes a hook of a case that needs neither server nor repository.
func every(h hook) func(*hubtest.Server, *hubtest.Repo) hook {
	return func(*hubtest.Server, *hubtest.Repo) hook { return h }
}

// on lets a hook see only paths that contain part.
func on(part string, h hook) func(*hubtest.Server, *hubtest.Repo) hook {
	return every(func(w http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.Path, part) && h(w, r)
	})
}

// times limits a hook to its first n calls.
func times(n int, h hook) hook {
	return func(w http.ResponseWriter, r *http.Request) bool {
		n--
		return n >= 0 && h(w, r)
	}
}

func status(code int, header ...string) hook {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

func send(kind, body string) hook {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", kind)
		w.Write([]byte(body))
		return true
	}
}

// head is a raw answer's beginning.
func head(lines ...string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" + strings.Join(append(lines, "\r\n"), "\r\n")
}

// cut sends the first n bytes of a file's first answer, then h answers.
func cut(n int, h hook) func(*hubtest.Server, *hubtest.Repo) hook {
	return func(s *hubtest.Server, repo *hubtest.Repo) hook {
		begun := false
		return func(w http.ResponseWriter, r *http.Request) bool {
			data := s.Blob(r.URL.Path[1:])
			if len(data) <= n {
				return false
			}
			if !begun {
				begun = true
				return raw(head(fmt.Sprintf("Content-Length: %d", len(data)), `Etag: "first"`)+string(data[:n]))(w, r)
			}
			return h(w, r)
		}
	}
}

// begins cuts each first answer after n bytes, which are the text file's when
// seed is 1.
func begins(seed uint64, n int) func(*hubtest.Server, *hubtest.Repo) hook {
	return func(s *hubtest.Server, _ *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			data := s.Blob(r.URL.Path[1:])
			return r.Header.Get("Range") == "" && len(data) == 300_000 &&
				raw(head("Content-Length: 300000", `Etag: W/"weak"`)+string(noise(seed, n)))(w, r)
		}
	}
}

// part answers a range request with these fields and body.
func part(contentRange, tag, body string) hook {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		w.Header().Set("Content-Range", contentRange)
		w.Header().Set("Etag", tag)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write([]byte(body))
		return true
	}
}

// flow sends pieces for ever, one each pause.
func flow(piece string, pause time.Duration, header ...string) hook {
	return func(w http.ResponseWriter, r *http.Request) bool {
		status(http.StatusOK, header...)(w, r)
		for {
			if _, err := w.Write([]byte(piece)); err != nil {
				return true
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return true
			case <-time.After(pause):
			}
		}
	}
}

// silence answers nothing until the other side gives up.
func silence(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

func zipped(w http.ResponseWriter, r *http.Request) bool {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(noise(1, 300_000))
	z.Close()
	w.Header().Set("Content-Encoding", "gzip")
	w.Write(b.Bytes())
	return true
}

const rest = 300_000 - 100_000 // bytes behind a cut at 100,000

var hostileBodies = []hostile{
	{name: "200 for a range", large: cut(100_000, func(w http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false })},
	{name: "the ETag changed between parts", large: cut(100_000, func(http.ResponseWriter, *http.Request) bool { return false })},
	{name: "206 although the ETag changed", large: cut(100_000, times(1, part("bytes 100000-299999/300000", `"second"`, string(noise(7, rest))))), told: "connection to 127.0.0.1 broke"},
	{name: "206 with other bytes", large: cut(100_000, times(1, part("bytes 100000-299999/300000", `"first"`, string(noise(7, rest))))), told: "do not fit together"},
	{name: "206 with other bytes each time", large: cut(100_000, part("bytes 100000-299999/300000", `"first"`, string(noise(7, rest)))), told: "do not fit together"},
	{name: "206 from another place", large: cut(100_000, times(1, part("bytes 99999-299999/300000", `"first"`, string(noise(7, rest+1)))))},
	{name: "206 from another place, always", large: every(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") != "" {
			return part("bytes 5-9/300000", `"a"`, "hello")(w, r)
		}
		return raw(head("Content-Length: 300000", `Etag: "a"`)+"only this")(w, r)
	}), kind: Network, says: "9 B of 293.0 KiB of some-model-q4_0.gguf are kept"},
	{name: "206 of another file", large: cut(100_000, times(1, part("bytes 100000-299999/400000", `"first"`, string(noise(7, rest)))))},
	{name: "206 without Content-Range", large: cut(100_000, times(1, part("", `"first"`, string(noise(7, rest)))))},
	{name: "206 with a length that does not fit", large: cut(100_000, times(1, part("bytes 100000-299999/300000", `"first"`, "short")))},
	{name: "206 with several parts", large: cut(100_000, times(1, func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "multipart/byteranges; boundary=x")
		w.WriteHeader(http.StatusPartialContent)
		w.Write([]byte("--x\r\nContent-Range: bytes 100000-299999/300000\r\n\r\n"))
		return true
	}))},
	{name: "206 for the whole", large: every(status(http.StatusPartialContent, "Content-Range", "bytes 0-299999/300000")), kind: Download, says: "sends a part"},
	{name: "206 of one byte, over and over", large: cut(100_000, func(w http.ResponseWriter, r *http.Request) bool {
		var at int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &at)
		return part(fmt.Sprintf("bytes %d-%d/300000", at, at), `"first"`, "x")(w, r)
	}), kind: Download, says: "in pieces of 1 bytes"},
	{name: "416", large: cut(100_000, times(1, status(http.StatusRequestedRangeNotSatisfiable, "Content-Range", "bytes */300000")))},
	{name: "416 always", large: every(status(http.StatusRequestedRangeNotSatisfiable)), kind: Download, says: "has nothing behind byte 0"},
	{name: "the length is missing", large: func(s *hubtest.Server, _ *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.(http.Flusher).Flush() // chunks
			w.Write(s.Blob(r.URL.Path[1:]))
			return true
		}
	}},
	{name: "no length and too little", large: every(send("application/octet-stream", "")), kind: Download, says: "sends 0 bytes for"},
	{name: "chunks that end early", large: every(raw(head("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n")), kind: Download, says: "ended some-model-q4_0.gguf after 5 of 300000 bytes"},
	{name: "chunks cut off", large: every(raw(head("Transfer-Encoding: chunked") + "ffff\r\nhello")), kind: Network, says: "broke"},
	{name: "the length is too small", large: every(raw(head("Content-Length: 5") + "hello")), kind: Download, says: "sends 5 bytes for some-model-q4_0.gguf, which has 300000"},
	{name: "the length is too large", large: every(raw(head("Content-Length: 9000000000000") + "hello")), kind: Download, says: "sends 9000000000000 bytes"},
	{name: "the length is negative", large: every(raw(head("Content-Length: -1") + "hello")), kind: Network, says: "Content-Length"},
	{name: "the length is 2⁶⁴", large: every(raw(head("Content-Length: 18446744073709551616") + "hello")), kind: Network, says: "Content-Length"},
	{name: "two lengths", large: every(raw(head("Content-Length: 5", "Content-Length: 6") + "hello!")), kind: Network, says: "Content-Length"},
	{name: "a body without end", large: every(flow(strings.Repeat("x", 1<<16), 0)), kind: Download, says: "sends more than the 300000 bytes"},
	{name: "the body stalls", large: every(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "300000")
		w.Write(noise(1, 5000))
		w.(http.Flusher).Flush()
		return silence(w, r)
	}), kind: Network, says: "stopped sending", slow: true},
	{name: "a byte now and then", large: every(flow("x", 10*time.Millisecond, "Content-Length", "300000")), kind: Network, says: "stopped sending", slow: true},
	{name: "no answer at all", large: every(silence), kind: Network, says: "stopped sending", slow: true},
	{name: "gzip that nobody asked for", large: every(zipped), kind: Download, says: "encoded (gzip)"},
	{name: "other bytes", large: every(func(w http.ResponseWriter, r *http.Request) bool { w.Write(noise(7, 300_000)); return true }), kind: Hash, says: "nothing of it was kept"},
	{name: "one bit wrong", large: func(s *hubtest.Server, _ *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			data := bytes.Clone(s.Blob(r.URL.Path[1:]))
			data[len(data)-1] ^= 0x80
			w.Write(data)
			return true
		}
	}, kind: Hash, says: "its sum differs"},
	{name: "an error page of the file's size", large: every(send("application/json", strings.Repeat("{}", 150_000))), kind: Hash, says: "sum differs"},
	{name: "a log-in page", large: every(send("text/html; charset=utf-8", "<html>")), kind: Download, says: "a web page instead of some-model-q4_0.gguf (text/html)"},
	{name: "a log-in page of the file's size", large: every(send("Text/HTML", strings.Repeat("<p>", 100_000))), kind: Download, says: "a web page"},
	{name: "cut under a weak ETag", large: begins(1, 30_000), told: "trying again"},
	{name: "cut with other bytes each time", large: begins(7, 30_000), kind: Hash, says: "its sum differs"},
	{name: "cut without a byte", large: every(raw(head("Content-Length: 300000"))), kind: Network, says: "broke"},
	{name: "no headers", large: every(raw("")), kind: Network, says: "broke"},
	{name: "not HTTP", large: every(raw("SSH-2.0-OpenSSH_9.2\r\n")), kind: Network, says: "malformed HTTP"},
	{name: "headers of 100 KiB", large: every(raw(head("X: "+strings.Repeat("x", 100<<10)) + "hello")), kind: Network, says: "header"},
	{name: "HTTP/0.9", large: every(raw("GGUF\x03\x00\x00\x00")), kind: Network, says: "malformed HTTP"},
}
