package report

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTail(t *testing.T) {
	long := strings.Repeat("a line of text\n", 20_000)
	cases := map[string]struct {
		text  io.Reader
		limit int
		want  string
	}{
		"a short log":                  {strings.NewReader("one\ntwo\n"), 100, "one\ntwo\n"},
		"a log as long as the limit":   {strings.NewReader("one\ntwo\n"), 8, "one\ntwo\n"},
		"a log that is longer":         {strings.NewReader("one\ntwo\nthree\n"), 8, "(the first 8 bytes are left out)\nthree\n"},
		"a log in small parts":         {iotest.OneByteReader(strings.NewReader("one\ntwo\nthree\n")), 8, "(the first 8 bytes are left out)\nthree\n"},
		"a line longer than the limit": {strings.NewReader("one two three"), 5, "(the first 8 bytes are left out)\nthree"},
		"a long log":                   {strings.NewReader(long), 31, "(the first 299970 bytes are left out)\na line of text\na line of text\n"},
		"an empty log":                 {strings.NewReader(""), 5, ""},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := tail(test.text, test.limit)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
	lost := errors.New("cut off")
	got, err := tail(io.MultiReader(strings.NewReader("one\n"), iotest.ErrReader(lost)), 100)
	if string(got) != "one\n" || !errors.Is(err, lost) {
		t.Errorf("got %q, %v of a log that is cut off", got, err)
	}
}
