package leaderservice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAbandoned(t *testing.T) {
	lease := func(renewed time.Duration) *coordinationv1.Lease {
		at, seconds := metav1.NewMicroTime(gen.T0.Add(-renewed)), int32(15)
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &at, LeaseDurationSeconds: &seconds}}
	}
	for name, test := range map[string]struct {
		lease *coordinationv1.Lease
		want  bool
	}{
		"renewed just now":               {lease(0), false},
		"expired a moment ago":           {lease(time.Minute), false},
		"expired ten minutes ago":        {lease(takeoverDelay + 15*time.Second), true},
		"expired almost ten minutes ago": {lease(takeoverDelay + 14*time.Second), false},
		"never held, created long ago":   {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(gen.T0.Add(-time.Hour))}}, true},
		"never held, created just now":   {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(gen.T0)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := abandoned(test.lease, gen.T0); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestAnInstallationWithoutALeaseIsGoneAfterADelay(t *testing.T) {
	seen := observation{}.withoutLease(gen.T0)
	if seen.gone {
		t.Error("it is gone at once")
	}
	if seen = seen.withoutLease(gen.T0.Add(takeoverDelay - time.Second)); seen.gone {
		t.Error("it is gone too soon")
	}
	if seen = seen.withoutLease(gen.T0.Add(takeoverDelay)); !seen.gone {
		t.Error("it is not gone after the delay")
	}
}

func TestALeaderServiceOfAnotherInstallation(t *testing.T) {
	web := gen.WebService()
	theirs := gen.LeaderOf(web, func(s *corev1.Service) { s.Annotations = map[string]string{config.InstallationKey: "old"} })
	here := func(in *input) { in.installation = "tanist-system" }
	left := planned{Warnings: []string{notify.ReasonOtherInstallation}, RequeueAfter: installationCheckInterval}
	cases := map[string]struct {
		input input
		want  planned
	}{
		"is left alone":                                {inputOf(web, withLeader(theirs), here), left},
		"is left alone with its slices":                {inputOf(web, withLeader(theirs), here, withSlices(gen.MirroredSlice()), func(in *input) { in.liveWithoutSelector = true }), left},
		"is left alone when the Service opts out":      {inputOf(gen.Annotated(config.EnabledKey, "false"), withLeader(theirs), here), left},
		"is left alone when the namespace opts out":    {inputOf(web, withLeader(theirs), here, func(in *input) { in.optedIn = false }), left},
		"is taken over when that installation is gone": {inputOf(web, withLeader(theirs), here, func(in *input) { in.otherInstallationGone = true }), planned{Patch: "web-leader"}},
		"is marked when it names no installation":      {inputOf(web, withLeader(gen.LeaderOf(web)), here), planned{Patch: "web-leader"}},
		"is adopted when it has no controller":         {inputOf(web, withLeader(gen.Changed(theirs.DeepCopy(), []func(*corev1.Service){func(s *corev1.Service) { s.OwnerReferences = nil }})), here), planned{Patch: "web-leader"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			plan := decide(test.input, gen.T0)
			if diff := cmp.Diff(test.want, plannedOf(plan)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
			if plan.patch != nil && plan.patch.desired.Annotations[config.InstallationKey] != "tanist-system" {
				t.Error("the leader Service does not name this installation")
			}
		})
	}
}
