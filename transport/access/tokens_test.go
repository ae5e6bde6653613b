package access

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestARoleMayDoWhatThoseBelowItMay(t *testing.T) {
	const want = `
       view speak admin
view   yes  no    no
speak  yes  yes   no
admin  yes  yes   yes`
	var got strings.Builder
	got.WriteString("\n       view speak admin\n")
	for has := View; has <= Admin; has++ {
		answers := []any{has}
		for need := View; need <= Admin; need++ {
			answers = append(answers, map[bool]string{true: "yes", false: "no"}[Grant{Role: has}.Allows(need, "")])
		}
		fmt.Fprintf(&got, "%-6s %-4s %-5s %s\n", answers...)
	}
	if strings.TrimSuffix(got.String(), "\n") != want {
		t.Errorf("got %s\nwant %s", got.String(), want)
	}
}

func TestAGrantForARoomIsForNoOther(t *testing.T) {
	for _, tt := range []struct {
		own, asked string
		want       bool
	}{{"", "hall", true}, {"hall", "hall", true}, {"hall", "", true}, {"hall", "hal", false}, {"hall", "Hall", false}} {
		if got := (Grant{Role: Speak, Room: tt.own}).Allows(View, tt.asked); got != tt.want {
			t.Errorf("a grant for %q, asked for %q: %v", tt.own, tt.asked, got)
		}
	}
}

func TestATokenGivesItsRoleAndNothingLikeItDoes(t *testing.T) {
	for role := View; role <= Admin; role++ {
		token := New(role)
		tokens := NewTokens([]string{token})
		if g, ok := tokens.Check(token); !ok || g != (Grant{Role: role}) {
			t.Errorf("%v: %+v, %v", role, g, ok)
		}
		likes := []string{"", strings.ToUpper(token), token + " ", " " + token, token[:len(token)-1], token + "0", New(role),
			strings.Replace(token, role.String(), "admin0", 1)}
		for i := range token {
			likes = append(likes, token[:i]+string(token[i]^1)+token[i+1:])
		}
		for _, like := range likes {
			if g, ok := tokens.Check(like); ok || g != (Grant{}) {
				t.Errorf("%q for %q gives %+v", like, token, g)
			}
		}
	}
}

func TestTokensAreLongEnoughAndDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		token := New(View)
		digits := strings.TrimPrefix(token, "sotto_view_")
		if len(digits) != 128/4 || seen[token] {
			t.Fatalf("%q", token)
		}
		seen[token] = true
	}
}

func TestOnlyHashesAreKept(t *testing.T) {
	token := New(Admin)
	tokens := NewTokens([]string{token})
	secret, _ := tokens.Mint(Speak, "hall", time.Hour)
	for _, e := range tokens.known {
		if kept := fmt.Sprintf("%+v %s", *e, e.key); strings.Contains(kept, token[12:]) || strings.Contains(kept, secret[3:]) {
			t.Errorf("kept: %s", kept)
		}
	}
}

func TestSecretsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := NewTokens(nil)
		secret, expires := tokens.Mint(Speak, "hall", time.Minute)
		if g, ok := tokens.Check(secret); !ok || g != (Grant{Speak, "hall", expires}) || time.Until(expires) != time.Minute {
			t.Errorf("%+v, %v", g, ok)
		}
		time.Sleep(time.Minute - 1)
		if _, ok := tokens.Check(secret); !ok {
			t.Error("it expires too soon")
		}
		time.Sleep(1)
		if _, ok := tokens.Check(secret); ok {
			t.Error("it does not expire")
		}
	})
}

func TestSecretsAreBoundedAndTheNextToExpireGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lasting := New(View)
		tokens := NewTokens([]string{lasting})
		brief, _ := tokens.Mint(View, "", time.Minute)
		briefer, _ := tokens.Mint(View, "", time.Second)
		good := func(token string) bool { _, ok := tokens.Check(token); return ok }
		for range MostMinted - 2 {
			tokens.Mint(View, "", time.Hour)
		}
		if !good(brief) || !good(briefer) {
			t.Error("a secret goes before there are too many")
		}
		tokens.Mint(View, "", time.Hour)
		if !good(brief) || good(briefer) {
			t.Error("the next to expire did not go")
		}
		time.Sleep(2 * time.Hour)
		last, _ := tokens.Mint(View, "", time.Hour)
		if len(tokens.known) != 2 || tokens.minted != 1 || !good(last) || !good(lasting) {
			t.Errorf("%d known, %d minted", len(tokens.known), tokens.minted)
		}
	})
}

func TestATokenThatIsTakenOutIsGoodNoMore(t *testing.T) {
	gone, stays := New(Speak), New(View)
	tokens := NewTokens([]string{gone, stays})
	session, _, _ := tokens.Session(gone, time.Hour)
	secret, _ := tokens.Mint(View, "", time.Hour)
	tokens.Replace([]string{stays})
	if _, ok := tokens.Check(gone); ok {
		t.Error("the token is good")
	}
	if _, ok := tokens.CheckSession(session); ok {
		t.Error("its session is good")
	}
	for _, token := range []string{stays, secret} {
		if _, ok := tokens.Check(token); !ok {
			t.Errorf("%.12s… is not good", token)
		}
	}
}

func TestASessionGivesWhatItsTokenGivesForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := New(Speak)
		tokens := NewTokens([]string{token})
		session, g, ok := tokens.Session(token, time.Hour)
		if !ok || g.Role != Speak || strings.Contains(session, token[12:]) {
			t.Fatalf("%q, %+v, %v", session, g, ok)
		}
		restarted := NewTokens([]string{New(View), token})
		if g, ok := restarted.CheckSession(session); !ok || g.Role != Speak {
			t.Errorf("after a restart: %+v, %v", g, ok)
		}
		if _, ok := tokens.Check(session); ok {
			t.Error("a session is taken for a token")
		}
		if _, ok := tokens.CheckSession(token); ok {
			t.Error("a token is taken for a session")
		}
		for i := range session {
			if g, ok := tokens.CheckSession(session[:i] + string(session[i]^1) + session[i+1:]); ok {
				t.Errorf("with letter %d changed: %+v", i, g)
			}
		}
		for _, bad := range []string{"", ".", "..", "...", session + ".", session[:20], strings.Repeat("0", 5000) + session} {
			if _, ok := tokens.CheckSession(bad); ok {
				t.Errorf("%.40q is good", bad)
			}
		}
		time.Sleep(time.Hour)
		if _, ok := tokens.CheckSession(session); ok {
			t.Error("it does not end")
		}
	})
}

func TestASessionEndsWithItsSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := NewTokens(nil)
		secret, expires := tokens.Mint(View, "hall", time.Minute)
		session, g, ok := tokens.Session(secret, time.Hour)
		if !ok || g != (Grant{View, "hall", expires}) {
			t.Errorf("%+v, %v", g, ok)
		}
		time.Sleep(time.Minute)
		if _, ok := tokens.CheckSession(session); ok {
			t.Error("it outlives the secret")
		}
		if _, _, ok := tokens.Session(secret, time.Hour); ok {
			t.Error("an expired secret gives a session")
		}
	})
}
