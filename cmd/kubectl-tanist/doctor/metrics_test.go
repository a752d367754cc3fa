package doctor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tanist-dev/tanist/config"
)

// metrics returns the metrics of a replica that has the default tuning in force, with more lines of text.
func metrics(t *testing.T, more ...string) reading[samples] {
	t.Helper()
	text := fmt.Sprintf("tanist_tuning_info{hash=%q} 1\n", config.DefaultTuning().Hash()) + strings.Join(more, "\n") + "\n"
	s, err := parseSamples(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return read(s)
}

func TestSamples(t *testing.T) {
	s := metrics(t, "# TYPE tanist_x counter", "tanist_x{a=\"1\"} 2", "tanist_x{a=\"2\"} 3", "# TYPE tanist_y gauge", "tanist_y 4").value
	if s.sum("tanist_x") != 5 || s.sum("tanist_y") != 4 || s.sum("tanist_z") != 0 || s.label("tanist_x", "a") != "1" || s.label("tanist_x", "b") != "" {
		t.Errorf("got %v", s)
	}
	if _, err := parseSamples(strings.NewReader("<html>")); err == nil {
		t.Error("got no error for a page")
	}
}
