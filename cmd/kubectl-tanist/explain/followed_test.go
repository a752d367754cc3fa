package explain

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/test/gen"
)

// following makes the Service follow the Lease web, which somebody holds; nil for one that does not exist.
func following(held *coordinationv1.Lease) func(*Input) {
	return func(in *Input) {
		asking(config.FollowLeaseKey, "web")(in)
		in.Leases = status.Leases{{Namespace: "shop", Name: "web"}: {View: lease.View{Lease: held}, At: t0}}
	}
}

func TestTheLeaseThatAServiceFollowsIsExplained(t *testing.T) {
	heldBy := func(identity string) *coordinationv1.Lease { return gen.LeaseHeldBy(identity, "1", gen.RenewedAt(t0)) }
	unknown := func(in *Input) { following(nil)(in); in.Leases = nil }
	for name, test := range map[string]struct {
		change func(*Input)
		want   string
		// due is the pod to which the leader is due to move.
		due string
	}{
		"the leader holds it":      {change: following(heldBy("a_x")), want: `Lease web, held by a_x, renewed at 2026-03-01 12:00:00Z`},
		"another pod holds it":     {change: following(heldBy("b")), want: `Lease web, held by b, renewed at 2026-03-01 12:00:00Z`, due: "b"},
		"it ends at no time":       {change: following(gen.LeaseHeldBy("a_x", "1", func(l *coordinationv1.Lease) { l.Spec.RenewTime = nil })), want: "Lease web, held by a_x"},
		"nobody holds it":          {change: following(heldBy("")), want: "Lease web, which nobody holds"},
		"it does not exist":        {change: following(nil), want: "Lease web, which does not exist"},
		"it may not be read":       {change: unknown, want: "Lease web"},
		"the Service follows none": {change: func(*Input) {}},
	} {
		t.Run(name, func(t *testing.T) {
			x := explained(t, test.change)
			if x.Follows != test.want {
				t.Errorf("got %q, want %q", x.Follows, test.want)
			}
			due := ""
			if x.Move != nil {
				due = x.Move.To
			}
			if due != test.due {
				t.Errorf("the leader is due to move to %q, want %q", due, test.due)
			}
			if printed := strings.Contains(text(x, t0), "\nFollows:"); printed != (test.want != "") {
				t.Errorf("Lease printed: %t", printed)
			}
		})
	}
}

func TestTheOtherPodsMustBeElectedByTheirApplication(t *testing.T) {
	x := explained(t, following(gen.LeaseHeldBy("a_x", "1", gen.RenewedAt(t0))), with(unready))
	got := map[string][]string{}
	for _, p := range x.Pods {
		if p.Leads {
			continue
		}
		got[p.Name] = []string{string(p.Role)}
		for _, obstacle := range p.Obstacles {
			got[p.Name] = append(got[p.Name], obstacle.Message)
		}
		got[p.Name] = append(got[p.Name], p.ToLead...)
	}
	const holds, elected = "it does not hold Lease web, which the Service follows", "must be elected by its application: Tanist only follows"
	want := map[string][]string{
		"b": {"Excluded", holds, elected},
		"c": {"Excluded", "it is not ready, since 2026-03-01 11:59:00Z", holds, "must become ready", elected},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected pods (-want +got):\n%s", diff)
	}
}

func TestAHandoverOfAServiceThatFollowsALeaseIsRefused(t *testing.T) {
	in := input(following(gen.LeaseHeldBy("a_x", "1", gen.RenewedAt(t0))))
	const want = "the application elects the leader in Lease web (tanist.dev/follow-lease)"
	if v, err := OffNode(in, "node-of-a", t0.Add(time.Second)); err != nil || v.WhyNot != want || v.Pod != "" {
		t.Errorf("got %+v, %v", v, err)
	}
}
