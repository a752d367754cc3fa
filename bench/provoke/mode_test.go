package provoke

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/report"
)

func TestParseModes(t *testing.T) {
	tests := map[string]struct {
		values  []string
		want    []report.Mode
		wantErr string
	}{
		"one":                           {values: []string{"evict"}, want: []report.Mode{report.ModeEvict}},
		"several keep their order":      {values: []string{"force", "delete"}, want: []report.Mode{report.ModeForce, report.ModeDelete}},
		"twice counts once":             {values: []string{"delete", "delete"}, want: []report.Mode{report.ModeDelete}},
		"spaces after a comma are fine": {values: []string{"delete", " crash"}, want: []report.Mode{report.ModeDelete, report.ModeCrash}},
		"unknown": {
			values: []string{"drain"}, wantErr: `unknown mode "drain": must be one of delete, force, evict, readiness, crash, freeze, node`,
		},
		"none": {wantErr: "no mode given: must be one of delete, force, evict, readiness, crash, freeze, node"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseModes(test.values)
			if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("modes (-want +got):\n%s", diff)
			}
		})
	}
}

// text is an error's message, empty for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
