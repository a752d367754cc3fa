package get

import (
	"testing"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

func TestNewWarnings(t *testing.T) {
	a, b := status.Warning{Phrase: "a"}, status.Warning{Phrase: "b", Detail: "since today"}
	got := newWarnings([]status.Warning{a, b}, []status.Warning{a, {Phrase: "b", Detail: "since yesterday"}})
	if len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
	if got := newWarnings([]status.Warning{a, b}, []status.Warning{a}); len(got) != 1 || got[0] != b {
		t.Errorf("got %v, want b", got)
	}
}
