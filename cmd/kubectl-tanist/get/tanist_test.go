package get

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLeaseProblem(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lease := func(holder string, renewed time.Duration) *coordinationv1.Lease {
		at := metav1.NewMicroTime(now.Add(-renewed))
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &at}}
	}
	cases := map[string]struct {
		lease *coordinationv1.Lease
		want  string
	}{
		"renewed just now":        {lease: lease("x", time.Second)},
		"renewed in the future":   {lease: lease("x", -time.Hour)},
		"not renewed for a while": {lease("x", 5*time.Minute), "its Lease in namespace tanist was last renewed 5m ago"},
		"given back":              {lease("", time.Second), "no replica holds its Lease in namespace tanist"},
		"never renewed": {
			func() *coordinationv1.Lease { l := lease("x", 0); l.Spec.RenewTime = nil; return l }(), "its Lease in namespace tanist was never renewed",
		},
		"not there": {nil, "there is no Lease tanist in namespace tanist (set --tanist-namespace if Tanist is elsewhere)"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := leaseProblem(test.lease, "tanist", now); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
