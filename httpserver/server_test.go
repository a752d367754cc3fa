package httpserver

import (
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
)

// TestAPanicIsLoggedAndAClientsMistakeIsNot: anybody can make a client that makes mistakes, as many as it likes.
func TestAPanicIsLoggedAndAClientsMistakeIsNot(t *testing.T) {
	var lines []string
	log := errorLog{funcr.New(func(_, line string) { lines = append(lines, line) }, funcr.Options{})}
	for _, message := range []string{"http: TLS handshake error from 10.0.0.1:4000: EOF\n", "http: panic serving 10.0.0.1:4000: nil\n"} {
		if n, err := log.Write([]byte(message)); n != len(message) || err != nil {
			t.Errorf("wrote %d bytes (%v)", n, err)
		}
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "panic serving") {
		t.Errorf("got %q, want a line for the panic alone", lines)
	}
}
