package app

import (
	"log/slog"
	"testing"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/config"
)

func TestTheStartIsLoggedInOneLine(t *testing.T) {
	cases := map[string]struct {
		options Options
		want    string
	}{
		"with cert-manager":              {Options{Version: "v1", WebhookPort: 10250}, "files"},
		"with self-managed certificates": {Options{Version: "v1", WebhookPort: 10250, SelfManaged: true}, "self-managed"},
		"without admission":              {Options{Version: "v1", SelfManaged: true}, "none"},
	}
	tuning := config.DefaultTuning()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var lines []string
			logStart(funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{}), test.options)(tuning)
			want := []string{`"level"=0 "msg"="Started" "version"="v1" "certificates"="` + test.want + `" "tuning"="` + tuning.Hash() + `" "observe"=true`}
			if diff := cmp.Diff(want, lines); diff != "" {
				t.Errorf("unexpected log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLevelsOfTheLog(t *testing.T) {
	for verbosity, want := range map[int][2]slog.Level{0: {slog.LevelInfo, slog.LevelWarn}, 1: {-1, -1}, 5: {-5, -5}} {
		if level, others := levels(verbosity); level != want[0] || others != want[1] {
			t.Errorf("verbosity %d: got %d and %d, want %d", verbosity, level, others, want)
		}
	}
}
