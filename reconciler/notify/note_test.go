package notify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFitNote(t *testing.T) {
	cases := map[string]struct {
		note string
		want int // bytes
	}{
		"empty":                                  {},
		"short":                                  {note: "ä", want: 2},
		"as long as possible":                    {note: strings.Repeat("a", 1024), want: 1024},
		"one byte too long":                      {note: strings.Repeat("a", 1025), want: 1024},
		"far too long":                           {note: strings.Repeat("a", 100_000), want: 1024},
		"the limit is in the middle of a rune":   {note: strings.Repeat("a", 1019) + strings.Repeat("ä", 100), want: 1023},
		"the limit is between two runes":         {note: strings.Repeat("ä", 600), want: 1024},
		"the limit is in the middle of an emoji": {note: strings.Repeat("a", 1017) + strings.Repeat("🦄", 100), want: 1021},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := FitNote(test.note)
			if len(got) != test.want {
				t.Errorf("got %d bytes, want %d", len(got), test.want)
			}
			if !utf8.ValidString(got) {
				t.Error("a rune was cut")
			}
			if valid := strings.ToValidUTF8(test.note, "\uFFFD"); !strings.HasPrefix(valid, strings.TrimSuffix(got, " …")) {
				t.Error("got another note")
			}
		})
	}
}

func TestFitNoteUsesAllTheRoom(t *testing.T) {
	for name, note := range map[string]string{
		"runes of one byte": strings.Repeat("a", 3000), "of two": strings.Repeat("é", 1500), "of three": strings.Repeat("€", 1500),
		"of four": strings.Repeat("𝕋", 900), "invalid UTF-8": strings.Repeat("\xffa", 1200),
	} {
		t.Run(name, func(t *testing.T) {
			got := FitNote(note)
			if len(got) > maxNote || len(got) < maxNote-7 || !utf8.ValidString(got) || !strings.HasSuffix(got, " …") {
				t.Errorf("got %d bytes, valid: %t, ending in %q", len(got), utf8.ValidString(got), got[len(got)-8:])
			}
		})
	}
	if note := strings.Repeat("a", maxNote); FitNote(note) != note {
		t.Error("a note that fits is changed")
	}
}
