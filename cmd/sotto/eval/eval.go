// Package eval measures live translation on recordings whose texts and times are
// known: how good the words are, how late they came, whether any was taken back,
// what they cost.
//
//	set, err := eval.ReadManifests("streams/manifest.jsonl")
//	configs, err := eval.Configs([]string{"default", "hold-3"}, nil, nil, table)
//	report, err := set.Run(ctx, eval.Options{Engine: engine, Targets: …, Configs: configs})
//	report.Table(os.Stdout)
//	report.Save("out")
//
// The way of one recording, for each configuration:
//
//	sound → session → captions → history (what a reader saw, change by change)
//	      → alignment with the reference sentences → scores
//
// The scores themselves are those of package score.
package eval
