package get

import (
	"strings"
	"testing"
)

// TestNoNameIsColoured checks that no phrase can be the name of an object, which has no spaces.
func TestNoNameIsColoured(t *testing.T) {
	for phrase := range colours {
		if !strings.Contains(phrase, " ") {
			t.Errorf("a pod may be named %q", phrase)
		}
	}
}
