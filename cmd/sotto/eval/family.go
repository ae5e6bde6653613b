package eval

import "strings"

// family is a kind of policy with its colour and shape.
type family struct {
	Class int
	Name  string
	Says  string
}

const wholeFamily = 7

var families = []family{
	{0, "default", "attention gate and agreement, as the session runs it"},
	{1, "at-pause", "everything at a pause, nothing before"},
	{2, "hold", "all but the last N tokens of each draft"},
	{3, "agreement", "what the last N drafts have in common"},
	{4, "wait", "a word for each word heard, K words late"},
	{5, "alignatt", "attention gate alone"},
	{6, "other", "another policy"},
	{wholeFamily, "whole", "every sentence alone, its end known beforehand: what the model can do"},
}

// familyOf finds the family of a policy's name, such as hold-3+marks.
func familyOf(policy string) *family {
	for i := range families {
		if name := families[i].Name; policy == name || strings.HasPrefix(policy, name+"-") || policy == name+"+marks" {
			return &families[i]
		}
	}
	return &families[wholeFamily-1]
}

// hollow tells policies of one family apart.
func (c *Config) hollow() bool { return strings.HasSuffix(c.Policy, "+marks") }

// label is a configuration's name on a drawing.
func (c *Config) label() string { return strings.TrimPrefix(c.Name, "default ") }

// dash tells the dials apart on lines: dotted, solid, dashed.
func (c *Config) dash() string {
	switch c.Dial {
	case "fast":
		return " dotted"
	case "quality":
		return " dashed"
	}
	return ""
}
