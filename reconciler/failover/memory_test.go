package failover

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestOfSeveralCausesTheFirstCounts(t *testing.T) {
	c := newTriggerTimes()
	c.note(gen.ShopWeb, gen.T0.Add(time.Second))
	c.note(gen.ShopWeb, gen.T0)
	c.note(gen.ShopWeb, gen.T0.Add(2*time.Second))
	if got := c.take(gen.ShopWeb); !got.Equal(gen.T0) {
		t.Errorf("got %s, want %s", got, gen.T0)
	}
	if got := c.take(gen.ShopWeb); !got.IsZero() {
		t.Errorf("got %s for a trigger that was taken", got)
	}
	c.putBack(gen.ShopWeb, time.Time{})
	if len(c.at) != 0 {
		t.Error("no trigger is remembered as one")
	}
	c.putBack(gen.ShopWeb, gen.T0)
	c.note(gen.ShopWeb, gen.T0.Add(time.Second))
	if got := c.take(gen.ShopWeb); !got.Equal(gen.T0) {
		t.Errorf("got %s for a trigger that was put back, want %s", got, gen.T0)
	}
}

func TestAComplaintIsMadeOnce(t *testing.T) {
	a := notify.Warning{Object: gen.WebService(), Reason: "R", Note: "a"}
	b := notify.Warning{Object: gen.WebService(), Reason: "R", Note: "b"}
	elsewhere := notify.Warning{Object: gen.ReadyPod("a1"), Reason: "R", Note: "a"}
	c := notify.NewDeduplicator()
	for i, step := range []struct{ all, want []notify.Warning }{
		{all: []notify.Warning{a}, want: []notify.Warning{a}},
		{all: []notify.Warning{a}},
		{all: []notify.Warning{a, b, b}, want: []notify.Warning{b}},
		{all: []notify.Warning{b}},
		{all: []notify.Warning{a, b}, want: []notify.Warning{a}},
		{all: []notify.Warning{a, elsewhere}, want: []notify.Warning{elsewhere}},
		{},
		{all: []notify.Warning{a}, want: []notify.Warning{a}},
	} {
		if diff := cmp.Diff(step.want, c.Unsent(gen.ShopWeb, step.all), cmp.AllowUnexported(notify.Warning{})); diff != "" {
			t.Errorf("step %d: unexpected complaints (-want +got):\n%s", i, diff)
		}
	}
	c.Unsent(gen.ShopWeb, nil)
	if len(c.Sent) != 0 {
		t.Error("what is mended is remembered")
	}
}
