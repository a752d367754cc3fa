package failover

import (
	"testing"
	"time"

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
