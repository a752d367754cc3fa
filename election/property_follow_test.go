package election

import (
	"fmt"
	"slices"
	"testing"
)

// TestAlwaysWhileFollowing checks what must be true of every decision about a Service whose application elects its leader.
func TestAlwaysWhileFollowing(t *testing.T) {
	properties := map[string]func(s input) error{
		"the pods' order does not matter, and deciding changes none of them": orderDoesNotMatter,
		"time alone changes the outcome exactly when RequeueAfter says":      dueWhenSaid,
		"deciding again with the chosen leader changes nothing but the reason": func(s input) error {
			want := s.decide()
			again := Decide(s.Rules, s.Candidates, s.led(want), t0)
			want.Move, want.Reason, again.Reason = false, "", "" // an elected pod that terminates is a last resort from then on
			return differ(want, again)
		},
		"only the elected pod leads, or the leader if nobody is known to be elected": func(s input) error {
			d := s.decide()
			want := s.Elected
			if want == "" {
				want = s.Incumbent.UID
			}
			if d.Leader != nil && d.Leader.UID != want {
				return fmt.Errorf("%q is to lead: %+v", want, d)
			}
			return nil
		},
		"the elected pod leads while it serves, whatever else is wished": func(s input) error {
			d := s.decide()
			i := slices.IndexFunc(s.Candidates, func(c Candidate) bool { return c.UID == s.Elected && c.serves() })
			if i >= 0 && (uidOf(d.Leader) != s.Elected || !d.Ready || d.Move != (s.Incumbent.UID != s.Elected)) {
				return fmt.Errorf("does not lead: %+v", d)
			}
			return nil
		},
		"a leader that is called ready serves or is within its grace": func(s input) error {
			d := s.decide()
			if d.Ready && !d.Leader.serves() && (d.Move || !s.Rules.withinGrace(d.Leader, t0)) {
				return fmt.Errorf("neither serves nor is within its grace: %+v", d)
			}
			return nil
		},
		"nobody is known to follow, and nothing is held back": func(s input) error {
			if d := s.decide(); d.Successor != nil || d.HeldBack != nil || d.HeldBackReason != "" {
				return fmt.Errorf("%+v", d)
			}
			return nil
		},
	}
	for name, holds := range properties {
		runProperty(t, name, func(s input) error {
			s.Rules.Following = &Following{Holder: s.Elected}
			return holds(s.withoutDoubts())
		})
	}
}
