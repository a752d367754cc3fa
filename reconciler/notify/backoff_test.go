package notify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestBackoff(t *testing.T) {
	b, now := NewBackoff(), gen.T0
	var waits []time.Duration
	for range 12 {
		wait := b.Remaining(gen.ShopWeb, "label", now)
		waits = append(waits, wait)
		now = now.Add(wait)
		b.Record(gen.ShopWeb, "label", now)
	}
	s := time.Second
	want := []time.Duration{0, 0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, 60 * s}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("unexpected waits (-want +got):\n%s", diff)
	}
	if wait := b.Remaining(gen.ShopWeb, "another label", now); wait != 0 {
		t.Errorf("an attempt at something else waits %s", wait)
	}
	later := now.Add(resetAfter)
	if wait := b.Remaining(gen.ShopWeb, "label", later); wait != 0 {
		t.Errorf("an attempt after a long pause waits %s", wait)
	}
	b.Forget(gen.ShopWeb)
	if len(b.attempts) != 0 {
		t.Error("attempts are remembered")
	}
}
