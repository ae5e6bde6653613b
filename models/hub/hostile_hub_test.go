package hub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sotto/models/hub/hubtest"
)

// listing replaces the list of files by the true one with nodes added.
func listing(nodes ...map[string]any) func(*hubtest.Server, *hubtest.Repo) hook {
	return func(_ *hubtest.Server, repo *hubtest.Repo) hook {
		list, _ := json.Marshal(append(hubtest.Tree(map[string][]byte{"mmproj.gguf": noise(3, 40_000)}), nodes...))
		return func(w http.ResponseWriter, r *http.Request) bool {
			return strings.Contains(r.URL.Path, "/tree/") && send("application/json", string(list))(w, r)
		}
	}
}

// entry is one large file of a list.
func entry(name string, size any, sum string) map[string]any {
	return map[string]any{"type": "file", "path": name, "oid": strings.Repeat("a", 40), "size": size, "lfs": map[string]any{"oid": sum, "size": size}}
}

var goodSum = strings.Repeat("0", 64)

// linked overwrites a field of the hub's answer for a file.
func linked(name, value string) func(*hubtest.Server, *hubtest.Repo) hook {
	return func(s *hubtest.Server, repo *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/resolve/") {
				return false
			}
			return status(http.StatusFound, "X-Repo-Commit", hubtest.Commit, "Location", s.Large+"/"+hubtest.Sum(textName, repo.Files[textName]), name, value)(w, r)
		}
	}
}

// redirect sends requests for files to an address; LARGE stands for the other
// host, FILE for the file there.
func redirect(to string) func(*hubtest.Server, *hubtest.Repo) hook {
	return func(s *hubtest.Server, _ *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/resolve/") {
				return false
			}
			return status(http.StatusFound, "Location", strings.ReplaceAll(strings.ReplaceAll(to, "LARGE", s.Large), "PATH", r.URL.Path))(w, r)
		}
	}
}

func refuse(code int, name string) hook {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		hubtest.Refuse(w, code, name, "said\u202e the hub")
		return true
	}
}

var hostileHubs = []hostile{
	{name: "gated, terms not accepted", hub: on("/api/", refuse(403, "GatedRepo")), kind: Access, says: "the token's account has not, or waits for the answer (said the hub); see "},
	{name: "gated at the file", hub: on("/resolve/", refuse(403, "GatedRepo")), kind: Access, says: "accept its terms"},
	{name: "401, the token is refused", hub: on("/api/", status(401, "X-Error-Message", "Invalid credentials in Authorization header")), kind: Access, says: "does not take the token"},
	{name: "no such repository", hub: on("/api/", refuse(401, "RepoNotFound")), kind: Missing, says: "no repository org/some-model-gguf at 127.0.0.1"},
	{name: "no such revision", hub: on("/api/", refuse(404, "RevisionNotFound")), kind: Missing, says: `no revision "main"`},
	{name: "404 for a listed file", hub: on("/resolve/", refuse(404, "EntryNotFound")), kind: Missing, says: "does not have the file it lists"},
	{name: "403 without a reason", hub: on("/api/", status(403)), kind: Access, says: "does not let us read"},
	{name: "451", hub: on("/api/", status(451)), kind: Download, says: "answers 451"},
	{name: "429, in a second", hub: on("/resolve/", times(1, status(429, "Retry-After", "1"))), told: "too many requests"},
	{name: "429, in an hour", hub: on("/api/", status(429, "Retry-After", "3600")), kind: Access, says: "come back in 1h0m0s"},
	{name: "429 for ever", hub: on("/api/", status(429)), kind: Access, says: "too many requests"},
	{name: "503 once", hub: on("/api/", times(1, status(503))), told: "answers 503; trying again"},
	{name: "500 for ever", hub: on("/resolve/", status(500)), kind: Download, says: "answers 500"},
	{name: "204", hub: on("/resolve/", status(204)), kind: Download, says: "answers 204"},
	{name: "an address that ran out", large: every(times(1, status(403))), told: "answers 403 where the hub sent us"},
	{name: "the other host has lost it", large: every(status(404)), kind: Download, says: "answers 404 where the hub sent us"},
	{name: "a log-in page for a list", hub: on("/api/", send("text/html", "<html>")), kind: Download, says: "a web page instead of the list"},
	{name: "a list in gzip", hub: on("/api/", zipped), kind: Download, says: "encoded (gzip)"},
	{name: "a list that is no JSON", hub: on("/api/", send("application/json", "{\"sha\":")), kind: Listing, says: "not the list of files"},
	{name: "a list nested a million deep", hub: on("/tree/", send("application/json", strings.Repeat("[", 1_000_000))), kind: Listing, says: "not the list of files"},
	{name: "a list of 9 MiB", hub: on("/tree/", send("application/json", strings.Repeat(" ", 9<<20))), kind: Listing, says: "more than 8 MiB"},
	{name: "a list without end", hub: on("/tree/", flow(strings.Repeat(" ", 1<<16), 0)), kind: Listing, says: "more than 8 MiB"},
	{name: "pages without end", hub: on("/tree/", func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Link", fmt.Sprintf("<%s>; rel=\"next\"", r.URL.Path))
		return send("application/json", "[]")(w, r)
	}), kind: Listing, says: "without end"},
	{name: "the next page elsewhere", hub: on("/tree/", func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Link", `<https://elsewhere.example/steal>; rel="next"`)
		return send("application/json", "[]")(w, r)
	}), kind: Redirect, says: "redirects the list of files to elsewhere.example"},
	{name: "no commit", hub: on("/revision/", send("application/json", `{"sha":"main"}`)), kind: Listing, says: "names no commit"},
	{name: "a commit that climbs", hub: on("/revision/", send("application/json", `{"sha":"../../../../../../../../../../../../../x"}`)), kind: Listing, says: "names no commit"},
	{name: "a hash of 63 digits", hub: listing(entry("m-q4_0.gguf", 5, goodSum[1:])), kind: Listing, says: "must be 64 hex digits"},
	{name: "a hash that climbs", hub: listing(entry("m-q4_0.gguf", 5, "../../../../outside")), kind: Listing, says: "must be 64 hex digits"},
	{name: "a size below nothing", hub: listing(entry("m-q4_0.gguf", -5, goodSum)), kind: Listing, says: "size -5"},
	{name: "a size of 2⁶⁰", hub: listing(entry("m-q4_0.gguf", 1<<60, goodSum)), kind: Listing, says: "size 1152921504606846976"},
	{name: "a size as text", hub: listing(entry("m-q4_0.gguf", "5", goodSum)), kind: Listing, says: "not the list of files"},
	{name: "a size that no disk has", hub: listing(entry("m-q4_0.gguf", 1<<49, goodSum)), kind: Store, says: "needs 524288.00 GiB"},
	{name: "another SHA-256 at the file", hub: linked("X-Linked-Etag", `"`+goodSum+`"`), kind: Listing, says: "another SHA-256 than its list"},
	{name: "another size at the file", hub: linked("X-Linked-Size", "7"), kind: Listing, says: "7 bytes, its list 300000"},
	{name: "another commit at the file", hub: linked("X-Repo-Commit", strings.Repeat("f", 40)), kind: Listing, says: "where 0123456789ab was asked for"},
	{name: "a name with ..", hub: listing(entry("../../../outside-q4_0.gguf", 5, goodSum)), kind: Path, says: `"../../../outside-q4_0.gguf" is not allowed`},
	{name: "a whole path", hub: listing(entry("/tmp/m-q4_0.gguf", 5, goodSum)), kind: Path, says: "does not stay in its folder"},
	{name: "a name with NUL", hub: listing(entry("m\x00-q4_0.gguf", 5, goodSum)), kind: Path, says: "cannot be shown"},
	{name: "a name with \\", hub: listing(entry(`..\..\m-q4_0.gguf`, 5, goodSum)), kind: Path, says: "is not allowed"},
	{name: "a name of 300 bytes", hub: listing(entry(strings.Repeat("m", 287)+"-q4_0.gguf"+"xyz.gguf", 5, goodSum)), kind: Path, says: "it has"},
	{name: "names that differ in case", hub: listing(entry("m-q4_0.gguf", 5, goodSum), entry("M-Q4_0.gguf", 5, goodSum)), kind: Choice, says: "choose one with"},
	{name: "a redirect to http", hub: redirect("http://elsewhere.example/x"), kind: Redirect, says: "refused a redirect from 127.0.0.1"},
	{name: "a redirect to a file", hub: redirect("file:///etc/passwd"), kind: Redirect, says: "nowhere"},
	{name: "a redirect to ftp", hub: redirect("ftp://elsewhere.example/x"), kind: Redirect, says: "unencrypted address, ftp://elsewhere.example"},
	{name: "a redirect with a password", hub: redirect("https://name:word@elsewhere.example/x"), kind: Redirect, says: "with a password in the address"},
	{name: "a redirect in a ring", hub: redirect("PATH"), kind: Redirect, says: "more than 5 times"},
	{name: "a redirect to nowhere", hub: redirect(""), kind: Redirect, says: "redirects to nowhere"},
	{name: "a redirect that is no address", hub: redirect("https://[::1"), kind: Redirect, says: "redirects to nowhere"},
	{name: "a redirect of 10 KiB", hub: redirect("https://x/" + strings.Repeat("x", 10<<10)), kind: Redirect, says: "redirects to nowhere"},
	{name: "the list redirected elsewhere", hub: on("/api/", status(307, "Location", "https://elsewhere.example/api")), kind: Redirect, says: "redirects the list of files"},
	{name: "a renamed repository", hub: every(func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/api/") && r.URL.Query().Get("moved") == "" && status(307, "Location", r.URL.Path+"?moved=1")(w, r)
	})},
	{name: "there and back again", large: func(s *hubtest.Server, repo *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Get("back") == "" && status(302, "Location", s.URL+"/back"+r.URL.Path)(w, r)
		}
	}, hub: func(s *hubtest.Server, _ *hubtest.Repo) hook {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/back/") {
				return false
			}
			if r.Header.Get("Authorization") != "" {
				return status(500)(w, r)
			}
			return status(302, "Location", s.Large+r.URL.Path[5:]+"?back=1")(w, r)
		}
	}},
}

func TestHostileServers(t *testing.T) {
	cases := append(append([]hostile{}, hostileBodies...), hostileHubs...)
	if len(cases) < 60 {
		t.Errorf("%d cases, want at least 60", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			repo := someRepo()
			server := hubtest.New(repo)
			defer server.Close()
			if c.hub != nil {
				server.OnHub(c.hub(server, repo))
			}
			if c.large != nil {
				server.OnLarge(c.large(server, repo))
			}
			b := newBench(t, server.URL)
			client := b.hasty()
			if c.slow {
				client.limits.stall = 300 * time.Millisecond
			}
			m, err := pull(t.Context(), client, repoName)
			b.check()
			noSecret(t, server.Seen())
			if !strings.Contains(b.told(), c.told) {
				t.Errorf("notices %q, want %q among them", b.told(), c.told)
			}
			if c.kind == "" && err != nil {
				t.Fatalf("%v, want the right file all the same", err)
			}
			if c.kind != "" {
				complains(t, err, c.kind, c.says)
				server.Honest()
				if m, err = pull(t.Context(), b.hasty(), repoName); err != nil {
					t.Fatalf("after it, from an honest server: %v", err)
				}
			}
			b.holds(m, repo)
			if n := b.check(); n != 2 {
				t.Errorf("%d blobs, want 2", n)
			}
		})
	}
}
