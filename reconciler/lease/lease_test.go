package lease

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func unending(lease *coordinationv1.Lease) {
	lease.Spec.RenewTime, lease.Spec.LeaseDurationSeconds = nil, nil
}

func TestPodOf(t *testing.T) {
	pods := []*corev1.Pod{gen.ReadyPod("web-0"), gen.ReadyPod("web-1"), gen.ReadyPod("web-10"), gen.ReadyPod("web.1")}
	for identity, want := range map[string]string{
		"web-1": "web-1",
		"web-1_7c5f1c1e-6f3a-4b2e-9d0e-1f1b4a8f2c11": "web-1", // controller-runtime, and most users of client-go
		"web-1_default_7c5f1c1e":                     "web-1",
		"web-1_":                                     "web-1",
		"web-10":                                     "web-10",
		"web.1_x":                                    "web.1",
		"web":                                        "",
		"web-2_x":                                    "",
		"_web-1":                                     "",
		"7c5f1c1e-6f3a-4b2e-9d0e-1f1b4a8f2c11":       "", // a UUID alone
		"node-of-web-1_x":                            "", // a pod in the host's network
		"shop/web-1":                                 "",
		"web-1.web.shop.svc.cluster.local":           "", // setHostnameAsFQDN
		"":                                           "",
	} {
		got := ""
		if pod := PodOf(gen.LeaseHeldBy(identity, "10"), pods); pod != nil {
			got = pod.Name
		}
		if got != want {
			t.Errorf("%q: got pod %q, want %q", identity, got, want)
		}
	}
	if pod := PodOf(nil, pods); pod != nil {
		t.Errorf("a missing Lease is held by %s", pod.Name)
	}
	if pod := PodOf(&coordinationv1.Lease{}, pods); pod != nil {
		t.Errorf("a Lease without a holder is held by %s", pod.Name)
	}
}

func TestALaterPodOfTheSameNameIsNotTheHolderBeforeItRenews(t *testing.T) {
	pod := gen.ReadyPod("web-0", gen.MadeAt(gen.T0))
	renewed := func(after time.Duration) *coordinationv1.Lease {
		return gen.LeaseHeldBy("web-0", "10", gen.RenewedAt(gen.T0.Add(after)))
	}
	// The pod was created within the second from T0 on, perhaps at its end.
	before, at := renewed(time.Second-time.Microsecond), renewed(time.Second)
	if PodOf(before, []*corev1.Pod{pod}) != nil {
		t.Error("a pod that was created after the last renewal is the holder")
	}
	owned := pod.DeepCopy()
	owned.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web", UID: "web", Controller: new(true)}}
	if PodOf(before, []*corev1.Pod{owned}) == nil {
		t.Error("a pod of a ReplicaSet is not the holder, although no other had its name")
	}
	if PodOf(at, []*corev1.Pod{pod}) == nil {
		t.Error("a pod that has renewed is not the holder")
	}
	if !Confirms(before, at, pod) || Confirms(at, at, pod) || Confirms(before, before, pod) || Confirms(before, at, nil) {
		t.Error("the first renewal alone should confirm the pod")
	}
}

func TestState(t *testing.T) {
	pods := []*corev1.Pod{gen.ReadyPod("web-0"), gen.ReadyPod("web-1", gen.MadeAt(gen.T0.Add(time.Second)))}
	ends := 25 * time.Second // a duration of 15 s, and 10 s to pass the Lease on
	for name, test := range map[string]struct {
		view  View
		after time.Duration
		want  State
	}{
		"held":                                {view: View{Lease: gen.LeaseHeldBy("web-0_x", "1")}, want: Held},
		"not renewed in time":                 {view: View{Lease: gen.LeaseHeldBy("web-0_x", "1")}, after: ends - 1, want: Held},
		"not renewed for too long":            {view: View{Lease: gen.LeaseHeldBy("web-0_x", "1")}, after: ends, want: Expired},
		"without an end":                      {view: View{Lease: gen.LeaseHeldBy("web-0_x", "1", unending)}, after: time.Hour, want: Held},
		"released":                            {view: View{Lease: gen.LeaseHeldBy("", "1")}, after: ends - 1, want: Held},
		"released and not taken":              {view: View{Lease: gen.LeaseHeldBy("", "1")}, after: ends, want: Vacant},
		"never taken":                         {view: View{Lease: gen.LeaseHeldBy("", "1", unending)}, want: Vacant},
		"missing":                             {want: Missing},
		"not read yet":                        {view: View{Unread: true}, want: Held},
		"refused":                             {view: View{Unread: true, Refused: "leases is forbidden"}, want: Unreadable},
		"held by no pod of the Service":       {view: View{Lease: gen.LeaseHeldBy("api-0_x", "1")}, want: UnknownHolder},
		"held by an earlier pod of the name":  {view: View{Lease: gen.LeaseHeldBy("web-1_x", "1")}, want: Replaced},
		"expired, of a pod that is not known": {view: View{Lease: gen.LeaseHeldBy("api-0_x", "1")}, after: ends, want: Expired},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.view.State(pods, gen.T0.Add(test.after)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestSameHolder(t *testing.T) {
	lease, recreated := gen.LeaseHeldBy("web-0", "1"), gen.LeaseHeldBy("web-0", "9", func(l *coordinationv1.Lease) { l.UID = "another" })
	for name, test := range map[string]struct {
		before, after *coordinationv1.Lease
		want          bool
	}{
		"a renewal":           {lease, gen.LeaseHeldBy("web-0", "2", gen.RenewedAt(gen.T0.Add(time.Second))), true},
		"another holder":      {lease, gen.LeaseHeldBy("web-1", "2"), false},
		"another process":     {gen.LeaseHeldBy("web-0_x", "1"), gen.LeaseHeldBy("web-0_y", "2"), false},
		"another Lease":       {lease, recreated, false},
		"a Lease that is new": {nil, lease, false},
		"a deleted Lease":     {lease, nil, false},
		"none":                {nil, nil, true},
	} {
		if got := SameHolder(test.before, test.after); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
