package notify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestANoteFits(t *testing.T) {
	cases := map[string]struct {
		note string
		want int
	}{
		"a short one":                      {note: "ä", want: 2},
		"one that just fits":               {note: strings.Repeat("a", 1024), want: 1024},
		"a byte too long":                  {note: strings.Repeat("a", 1025), want: 1024},
		"a cut in the middle of a rune":    {note: strings.Repeat("a", 1019) + strings.Repeat("ä", 100), want: 1023},
		"a cut between runes":              {note: strings.Repeat("ä", 600), want: 1024},
		"a cut in the middle of an emoji":  {note: strings.Repeat("a", 1017) + strings.Repeat("🦄", 100), want: 1021},
		"nothing":                          {},
		"far too long, and cut every byte": {note: strings.Repeat("a", 100_000), want: 1024},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := FitNote(test.note)
			if len(got) != test.want {
				t.Errorf("it has %d bytes, want %d", len(got), test.want)
			}
			if !utf8.ValidString(got) && utf8.ValidString(test.note) {
				t.Error("a rune was cut")
			}
			if !strings.HasPrefix(test.note, strings.TrimSuffix(got, " …")) {
				t.Error("it is another note")
			}
		})
	}
}
