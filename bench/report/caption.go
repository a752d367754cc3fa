package report

import (
	"slices"
	"strings"
)

// captionWidth is how wide the caption is on a terminal.
const captionWidth = 118

// begins say from when on a failover is measured in modes in which it is not from the request on.
var begins = []struct {
	modes []Mode
	text  string
}{
	{[]Mode{ModeReadiness}, "from the change of the pod's status in the API"},
	{[]Mode{ModeCrash, ModeFreeze}, "from half a second later, when the pod does what it was asked"},
	{[]Mode{ModeNode}, "from the last question that the pod answered"},
}

// howToRead explains the columns, and says nothing of what was not measured.
func (r *Report) howToRead() string {
	var others []string
	for _, begin := range begins {
		var names []string
		for _, mode := range begin.modes {
			if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Mode == mode }) {
				names = append(names, string(mode))
			}
		}
		if len(names) > 0 {
			others = append(others, strings.Join(names, " and ")+": "+begin.text)
		}
	}
	text := "Milliseconds from sending the request that took the leader away"
	if len(others) > 0 {
		text += " (" + strings.Join(others, "; ") + ")"
	}
	text += " until an independent watch saw another pod as the ready endpoint. Percentiles are by nearest rank. In brackets is where the true one " +
		"lies with a confidence of 95 %, if the failovers are independent; — means that there are too few of them to say."
	if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Traffic != nil }) {
		text += " Requests are sent at a constant rate, whether or not earlier ones were answered, and SLOWEST is the longest time from when one was due " +
			"until its answer."
	}
	if r.Published != nil {
		text += " The last row has what zen-lead's project published about it, from another setting and by polling: compare the order of magnitude only."
	}
	return text
}

// wrapped breaks a text into lines.
func wrapped(text string, width int) string {
	var out strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > width:
			out.WriteByte('\n')
			column = 0
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += n
	}
	return out.String()
}
