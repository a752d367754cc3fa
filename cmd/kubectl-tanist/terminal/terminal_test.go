package terminal

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestText(t *testing.T) {
	cases := map[string]struct {
		got, want string
	}{
		"a colour":                         {Palette(true).Text(Red, "lost"), "\x1b[31;1mlost\x1b[0m"},
		"no colours":                       {Palette(false).Text(Red, "lost"), "lost"},
		"no text":                          {Palette(true).Text(Red, ""), ""},
		"a mark with a colour":             {Passed.Text(true), "\x1b[32;1m√\x1b[0m"},
		"a mark without a colour":          {Skipped.Text(true), "-"},
		"a mark where no colours may be":   {Failed.Text(false), "×"},
		"a colour that has not been given": {Palette(true).Text("", "lost"), "lost"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %q, want %q", test.got, test.want)
			}
		})
	}
}

func TestOnlyATerminalHasColours(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/output")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, out := range map[string]io.Writer{"a buffer": &bytes.Buffer{}, "a file": file} {
		if PaletteOf(out) {
			t.Errorf("%s has colours", name)
		}
		if Highlight(out, map[string]Colour{"lost": Red}) != out {
			t.Errorf("the lines of %s are changed", name)
		}
		if CanAsk(genericiooptions.IOStreams{In: file, ErrOut: out}) {
			t.Errorf("a user is asked through %s", name)
		}
	}
}

func TestHighlight(t *testing.T) {
	var out bytes.Buffer
	h := newHighlighter(&out, true, map[string]Colour{"no leader": Red, "no leader yet": Yellow})
	for _, part := range []string{"web   no lea", "der, other\n", "api   no leader yet\nrest"} {
		if n, err := h.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("got %d, %v", n, err)
		}
	}
	want := "web   \x1b[31;1mno leader\x1b[0m, other\napi   \x1b[33;1mno leader yet\x1b[0m\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestAsk(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "yes\n": true, " YES \n": true, "y": true, "n\n": false, "\n": false, "": false, "yesterday\n": false, "no\nyes\n": false,
	} {
		var stderr bytes.Buffer
		got, err := Ask(t.Context(), genericiooptions.IOStreams{In: strings.NewReader(answer), ErrOut: &stderr}, "Delete it?")
		if got != want || err != nil || stderr.String() != "Delete it? [y/N] " {
			t.Errorf("the answer %q gives %t, %v, want %t; the question is %q", answer, got, err, want, stderr.String())
		}
	}
}

func TestAskingEndsWithCtrlC(t *testing.T) {
	in, _ := io.Pipe() // nobody answers
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	yes, err := Ask(ctx, genericiooptions.IOStreams{In: in, ErrOut: &bytes.Buffer{}}, "Delete it?")
	if yes || err == nil || err.Error() != "interrupted: context canceled" {
		t.Errorf("got %t, %v", yes, err)
	}
}
