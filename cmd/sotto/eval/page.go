package eval

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// pageForm is XML too, so that a test can read it strictly.
var pageForm = template.Must(template.New("page").Funcs(template.FuncMap{
	"s": func(ms float64) string { return fmt.Sprintf("%.2f", ms/1000) }, "short": short,
	"one": func(v float64) string { return fmt.Sprintf("%.1f", v) }, "two": func(v float64) string { return fmt.Sprintf("%.2f", v) },
	"zero": func(v float64) string { return fmt.Sprintf("%.0f", v) }, "three": func(v float64) string { return fmt.Sprintf("%.3f", v) }, "minutes": minutes, "family": familyOf,
	"at": func(streams map[string]StreamOne, language string) *StreamOne {
		if one, ok := streams[language]; ok {
			return &one
		}
		return nil
	},
}).Parse(pageText))

// page is what the form shows.
type page struct {
	*Report
	Style     template.CSS
	Main      *Result
	Ceiling   *Result
	Families  []entry
	Languages []languageView
	WordByWord,
	CostOverTime template.HTML
}

// entry is a line of the legend.
type entry struct {
	*family
	Mark template.HTML
}

// languageView is everything about one language.
type languageView struct {
	Code                   string
	Main, Ceiling          *Scores
	Scatter, DelayOverTime template.HTML
	Rows                   []rowView
}

type rowView struct {
	*Config
	*Scores
}

// HTML writes the report as one page that needs nothing else.
func (r *Report) HTML(out io.Writer) error {
	if len(r.Results) == 0 {
		return fmt.Errorf("the report has no results")
	}
	p := &page{
		Report: r, Style: template.CSS(pageStyle), Main: r.main(), Ceiling: r.ceiling(), Families: r.legend(),
		CostOverTime: template.HTML(r.costOverTime()),
	}
	for _, language := range r.Targets {
		if p.Main.of(language) != nil {
			p.Languages = append(p.Languages, r.view(language))
		}
	}
	if len(p.Languages) > 0 {
		p.WordByWord = template.HTML(r.wordByWord(p.Languages[0].Code))
	}
	return pageForm.Execute(out, p)
}

func (r *Report) view(language string) languageView {
	v := languageView{
		Code: language, Main: r.main().of(language),
		Scatter:       template.HTML(r.qualityAgainstDelay(language)),
		DelayOverTime: template.HTML(r.delayOverTime(language)),
	}
	if c := r.ceiling(); c != nil {
		v.Ceiling = c.of(language)
	}
	for i := range r.Results {
		if s := r.Results[i].of(language); s != nil {
			v.Rows = append(v.Rows, rowView{&r.Results[i].Config, s})
		}
	}
	return v
}

// legend lists the families that occur.
func (r *Report) legend() []entry {
	var all []entry
	for i := range families {
		for j := range r.Results {
			if familyOf(r.Results[j].Policy) == &families[i] {
				mark := fmt.Sprintf(`<svg class="chip" viewBox="-9 -9 18 18"><path class="mark c%d" d="%s"/></svg>`, families[i].Class, marks[families[i].Class])
				all = append(all, entry{&families[i], template.HTML(mark)})
				break
			}
		}
	}
	return all
}

// Dials reports that lines are dotted and dashed by dial.
func (p *page) Dials() bool {
	for i := range p.Results {
		if p.Results[i].dash() != "" {
			return true
		}
	}
	return false
}

// Where names the manifests.
func (p *page) Where() string { return strings.Join(p.Set.Manifests, ", ") }
