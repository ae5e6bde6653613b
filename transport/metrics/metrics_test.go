package metrics

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"sotto"
)

// scrape returns what a scraper that asks for a format gets.
func scrape(t *testing.T, m *Metrics, accept string) (kind, body string) {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	data, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("%d, %v", w.Code, err)
	}
	return w.Result().Header.Get("Content-Type"), string(data)
}

func TestEveryMeasureIsShown(t *testing.T) {
	m := New()
	for which := sotto.FrameLag; which <= sotto.Refused; which++ {
		m.Observe(which, 0.25)
		m.Observe(which, 0.5)
	}
	m.Observe(200, 1) // of a later engine
	m.Gauge("readers", "Who reads.", func() float64 { return 7 })
	_, body := scrape(t, m, "text/plain")
	for which := sotto.FrameLag; which <= sotto.Refused; which++ {
		shown, is := measures[which]
		if !is {
			t.Errorf("measure %d is not shown", which)
			continue
		}
		line := fmt.Sprintf("\nsotto_%s 0.75\n", shown.name)
		if shown.histogram {
			line = fmt.Sprintf("\nsotto_%s_sum 0.75\nsotto_%[1]s_count 2\n", shown.name)
		}
		if !strings.Contains(body, line) || !strings.Contains(body, "# HELP sotto_"+shown.name+" ") {
			t.Errorf("no %q in\n%s", line, body)
		}
	}
	if !strings.Contains(body, "\nsotto_readers 7\n") || !strings.Contains(body, "\ngo_goroutines ") {
		t.Errorf("no gauges in\n%s", body)
	}
}

func TestNativeHistogramsAreThereForWhoAsks(t *testing.T) {
	m := New()
	m.Observe(sotto.FrameLag, 0.25)
	kind, body := scrape(t, m, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	if !strings.HasPrefix(kind, "application/vnd.google.protobuf") || !strings.Contains(body, "sotto_frame_lag_seconds") {
		t.Errorf("%s", kind)
	}
}
