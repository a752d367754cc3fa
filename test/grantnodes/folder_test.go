package grantnodes

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFolderIsReadOn(t *testing.T) {
	f := &Folder{Path: t.TempDir()}
	a, b, c := Record{From: 1, To: 2, Term: 1, Pod: "a"}, Record{From: 3, To: 4, Term: 2, Pod: "b"}, Record{From: 5, To: 6, Term: 3, Pod: "a"}
	write := func(pod, text string) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(f.Path, pod), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, want ...Record) {
		t.Helper()
		got, err := f.Records()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: unexpected records (-want +got):\n%s", when, diff)
		}
	}
	expect("at first")
	write("a", a.String()+"\n"+c.String()[:3])
	expect("while a line is written", a)
	write("b", b.String()+"\n")
	expect("after another pod has written", a, b)
	write("a", c.String()[3:]+"\n")
	expect("after the line has ended", a, b, c)
	write("b", "nonsense\n")
	if _, err := f.Records(); err == nil {
		t.Error("nonsense is no error")
	}
}
