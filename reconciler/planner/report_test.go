package planner

import (
	"strings"
	"testing"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// While one family has a leader, clients use the name of the leader Service.
func TestATakenSliceNameAsksForARenameOnlyWithoutALeader(t *testing.T) {
	in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"))
	for name, want := range map[string]bool{"web-leader-ipv4": true, "web-leader-ipv6": false} {
		all := Warnings(in, Plan{takenNames: []string{name}})
		if len(all) == 0 || all[0].Reason != notify.ReasonSliceTaken {
			t.Fatalf("got %+v", all)
		}
		if got := strings.Contains(all[0].Note, config.LeaderServiceKey); got != want || !strings.Contains(all[0].Note, name) {
			t.Errorf("%s: got %q", name, all[0].Note)
		}
	}
}
