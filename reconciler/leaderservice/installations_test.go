package leaderservice

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
		"renewed just now":          {lease(0), false},
		"expired a moment ago":      {lease(time.Minute), false},
		"expired ten minutes ago":   {lease(otherGrace + 15*time.Second), true},
		"not quite ten minutes":     {lease(otherGrace + 14*time.Second), false},
		"never held, made long ago": {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(gen.T0.Add(-time.Hour))}}, true},
		"never held, made just now": {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(gen.T0)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := abandoned(test.lease, gen.T0); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestALeaseThatIsMissingIsWaitedFor(t *testing.T) {
	seen := observation{}.absent(gen.T0)
	if seen.gone {
		t.Error("it is taken for gone at once")
	}
	if seen = seen.absent(gen.T0.Add(otherGrace - time.Second)); seen.gone {
		t.Error("it is taken for gone too soon")
	}
	if seen = seen.absent(gen.T0.Add(otherGrace)); !seen.gone {
		t.Error("it is never taken for gone")
	}
}
