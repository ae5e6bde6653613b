package words

import "testing"

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"listen", "lisen", 1}, {"kitten", "sitting", 3}, {"es", "en", 1}, {"flaw", "lawn", 2}} {
		if got := Edits(tt.a, tt.b); got != tt.want {
			t.Errorf("from %q to %q are %d edits, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
