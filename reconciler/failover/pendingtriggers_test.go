package failover

import (
	"testing"
	"time"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestOfSeveralEventsTheFirstIsTheTrigger(t *testing.T) {
	times := newPendingTriggers()
	times.record(gen.ShopWeb, gen.T0.Add(time.Second))
	times.record(gen.ShopWeb, gen.T0)
	times.record(gen.ShopWeb, gen.T0.Add(2*time.Second))
	if got := times.take(gen.ShopWeb); !got.Equal(gen.T0) {
		t.Errorf("got %s, want %s", got, gen.T0)
	}
	if got := times.take(gen.ShopWeb); !got.IsZero() {
		t.Errorf("got %s for a trigger that was taken", got)
	}
	times.restore(gen.ShopWeb, time.Time{})
	if len(times.at) != 0 {
		t.Error("an absent trigger was recorded as one")
	}
	times.restore(gen.ShopWeb, gen.T0)
	times.record(gen.ShopWeb, gen.T0.Add(time.Second))
	if got := times.take(gen.ShopWeb); !got.Equal(gen.T0) {
		t.Errorf("got %s for a trigger that was restored, want %s", got, gen.T0)
	}
}
