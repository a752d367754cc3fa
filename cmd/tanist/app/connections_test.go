package app

import (
	"os"
	"testing"
)

func TestEndSilentConnections(t *testing.T) {
	const idle, answer = "HTTP2_READ_IDLE_TIMEOUT_SECONDS", "HTTP2_PING_TIMEOUT_SECONDS"
	cases := map[string]struct {
		idle, wantIdle, wantErr string
	}{
		"nobody says how long": {wantIdle: "1"},
		"somebody does":        {idle: "30", wantIdle: "30"},
		"it is no number": {
			idle: "10s", wantIdle: "10s", wantErr: "environment variable HTTP2_READ_IDLE_TIMEOUT_SECONDS=10s: must be a whole number of seconds",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv(idle, test.idle)
			t.Setenv(answer, "")
			err := EndSilentConnections()
			gotErr := ""
			if err != nil {
				gotErr = err.Error()
			}
			if gotErr != test.wantErr || os.Getenv(idle) != test.wantIdle {
				t.Errorf("got %s=%s and error %q, want %s and %q", idle, os.Getenv(idle), gotErr, test.wantIdle, test.wantErr)
			}
			if got := os.Getenv(answer); err == nil && got != "3" {
				t.Errorf("got %s=%s, want 3", answer, got)
			}
		})
	}
}
