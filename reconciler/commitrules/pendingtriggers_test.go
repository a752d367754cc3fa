package commitrules

import (
	"testing"
	"time"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestOfSeveralEventsTheFirstIsTheTrigger(t *testing.T) {
	times := NewPendingTriggers()
	times.Record(gen.ShopWeb, gen.T0.Add(time.Second))
	times.Record(gen.ShopWeb, gen.T0)
	times.Record(gen.ShopWeb, gen.T0.Add(2*time.Second))
	if got := times.Take(gen.ShopWeb); !got.Equal(gen.T0) {
		t.Errorf("got %s, want %s", got, gen.T0)
	}
	if got := times.Take(gen.ShopWeb); !got.IsZero() {
		t.Errorf("got %s for a trigger that was taken", got)
	}
	times.Restore(gen.ShopWeb, time.Time{})
	if len(times.at) != 0 {
		t.Error("an absent trigger was recorded as one")
	}
	times.Restore(gen.ShopWeb, gen.T0)
	times.Record(gen.ShopWeb, gen.T0.Add(time.Second))
	if got := times.Take(gen.ShopWeb); !got.Equal(gen.T0) {
		t.Errorf("got %s for a trigger that was restored, want %s", got, gen.T0)
	}
}
