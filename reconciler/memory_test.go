package reconciler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

var shopWeb = types.NamespacedName{Namespace: "shop", Name: "web"}

func TestOfSeveralCausesTheFirstCounts(t *testing.T) {
	c := newCauses()
	c.note(shopWeb, t0.Add(time.Second))
	c.note(shopWeb, t0)
	c.note(shopWeb, t0.Add(2*time.Second))
	if got := c.take(shopWeb); !got.Equal(t0) {
		t.Errorf("got %s, want %s", got, t0)
	}
	if got := c.take(shopWeb); !got.IsZero() {
		t.Errorf("got %s for a cause that was taken", got)
	}
	c.putBack(shopWeb, time.Time{})
	if len(c.at) != 0 {
		t.Error("no cause is remembered as one")
	}
	c.putBack(shopWeb, t0)
	c.note(shopWeb, t0.Add(time.Second))
	if got := c.take(shopWeb); !got.Equal(t0) {
		t.Errorf("got %s for a cause that was put back, want %s", got, t0)
	}
}

func TestAComplaintIsMadeOnce(t *testing.T) {
	a := complaint{about: webService(), reason: "R", note: "a"}
	b := complaint{about: webService(), reason: "R", note: "b"}
	elsewhere := complaint{about: readyPod("a1"), reason: "R", note: "a"}
	c := newComplaints()
	for i, step := range []struct{ all, want []complaint }{
		{all: []complaint{a}, want: []complaint{a}},
		{all: []complaint{a}},
		{all: []complaint{a, b, b}, want: []complaint{b}},
		{all: []complaint{b}},
		{all: []complaint{a, b}, want: []complaint{a}},
		{all: []complaint{a, elsewhere}, want: []complaint{elsewhere}},
		{},
		{all: []complaint{a}, want: []complaint{a}},
	} {
		if diff := cmp.Diff(step.want, c.news(shopWeb, step.all), cmp.AllowUnexported(complaint{})); diff != "" {
			t.Errorf("step %d: unexpected complaints (-want +got):\n%s", i, diff)
		}
	}
	c.news(shopWeb, nil)
	if len(c.said) != 0 {
		t.Error("what is mended is remembered")
	}
}
