package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/test/gen"
)

// follows makes the Service follow the Lease web, which somebody holds and has renewed a while ago; nil for one that does not exist.
func follows(held *coordinationv1.Lease, ago time.Duration) func(*Objects) {
	return func(o *Objects) {
		annotated(config.FollowLeaseKey, "web")(o)
		o.Leases = Leases{{Namespace: "shop", Name: "web"}: {View: lease.View{Lease: held}, At: gen.T0.Add(ago)}}
	}
}

func TestWarningsOfALeaseThatIsFollowed(t *testing.T) {
	const stays = "; the leader stays while it serves, and no other pod follows it"
	leaderless := func(o *Objects) { o.Slices = []*discoveryv1.EndpointSlice{slice(nobody)} }
	notReady := func(o *Objects) { o.Pods[0] = pod("a", unready) }
	newer := func(o *Objects) {
		o.Pods[0] = pod("a", func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(gen.T0.Add(time.Second)) })
	}
	for name, test := range map[string]struct {
		changes []func(*Objects)
		want    []Warning
	}{
		"the leader holds it": {changes: []func(*Objects){follows(gen.LeaseHeldBy("a_x", "1"), time.Second)}},
		"what excludes a leader otherwise is without effect": {changes: []func(*Objects){follows(gen.LeaseHeldBy("a_x", "1"), time.Second), func(o *Objects) {
			o.Pods[0].Annotations = map[string]string{config.CandidateKey: "false"}
		}}},
		"it does not exist": {
			changes: []func(*Objects){follows(nil, 0)},
			want:    []Warning{{LeaseMissing, "Lease web does not exist: the application creates it, or tanist.dev/follow-lease names another one" + stays}},
		},
		"the user may not read it": {changes: []func(*Objects){follows(nil, 0), func(o *Objects) { o.Leases = nil }}},
		"it was released long ago": {
			changes: []func(*Objects){follows(gen.LeaseHeldBy("", "1"), time.Minute)},
			want:    []Warning{{LeaseNotHeld, "nobody holds Lease web: the application has elected nobody" + stays}},
		},
		"it has expired": {
			changes: []func(*Objects){follows(gen.LeaseHeldBy("a_x", "1"), time.Minute)},
			want:    []Warning{{LeaseNotHeld, `Lease web has expired: "a_x" has not renewed it since ` + gen.T0.UTC().Format(time.RFC3339)}},
		},
		"another Service's pod holds it": {
			changes: []func(*Objects){follows(gen.LeaseHeldBy("z_x", "1"), 0)},
			want:    []Warning{{LeaseHolderUnknown, `Lease web is held by "z_x", which is none of the pods that the Service selects` + stays}},
		},
		"an earlier pod of the name holds it": {
			changes: []func(*Objects){follows(gen.LeaseHeldBy("a_x", "1"), 0), newer},
			want:    []Warning{{LeaseHolderUnknown, `Lease web is held by "a_x", an earlier pod of that name` + stays}},
		},
		"its holder is not ready": {
			changes: []func(*Objects){leaderless, follows(gen.LeaseHeldBy("a_x", "1"), 0), notReady},
			want: []Warning{
				{NoLeader, "none of its pods that are ready holds Lease web, which the Service follows; kubectl tanist explain web --namespace shop says more"},
				{LeaseHolderNotReady, "pod a holds Lease web, and cannot take traffic"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Of(objects(test.changes...)).Warnings); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFollows(t *testing.T) {
	if name, follows := Follows(web()); follows {
		t.Errorf("a Service without the annotation follows %s", name)
	}
	following := web(func(s *corev1.Service) { s.Annotations[config.FollowLeaseKey] = "web" })
	if name, follows := Follows(following); !follows || name != (types.NamespacedName{Namespace: "shop", Name: "web"}) {
		t.Errorf("it follows %s, %t", name, follows)
	}
	known := Leases{{Namespace: "shop", Name: "web"}: {}}
	if known.Of(following) == nil || known.Of(web()) != nil || Leases(nil).Of(following) != nil {
		t.Error("only the Lease that a Service follows counts, and only if it was read")
	}
}

func TestTheLossOfAPodThatItsApplicationHasElectedIsItsOwnToNotice(t *testing.T) {
	l := Of(objects(follows(gen.LeaseHeldBy("a_x", "1"), 0)))
	want := &Watched{Reasons: []string{"the Service follows Lease web: its application notices a loss"}}
	if diff := cmp.Diff(want, l.Watched); diff != "" {
		t.Errorf("unexpected answer (-want +got):\n%s", diff)
	}
	if got := l.Options.FollowLease; got != "web" {
		t.Errorf("it follows %q", got)
	}
}
