package commitrules

import (
	"testing"
	"time"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestTheFirstAndTheLastOfSeveralEventsAreRemembered(t *testing.T) {
	at := func(seconds int) time.Time { return gen.T0.Add(time.Duration(seconds) * time.Second) }
	times := NewPendingTriggers()
	expect := func(when string, wantFirst, wantLast time.Time) {
		t.Helper()
		if first, last := times.Take(gen.ShopWeb); !first.Equal(wantFirst) || !last.Equal(wantLast) {
			t.Errorf("%s: got %s and %s, want %s and %s", when, first, last, wantFirst, wantLast)
		}
	}
	for _, seconds := range []int{1, 0, 3, 2} {
		times.Record(gen.ShopWeb, at(seconds))
	}
	expect("after four events", at(0), at(3))
	expect("after they were taken", time.Time{}, time.Time{})
	times.Restore(gen.ShopWeb, time.Time{}, time.Time{})
	if len(times.at) != 0 {
		t.Error("an absent trigger was recorded as one")
	}
	times.Restore(gen.ShopWeb, at(0), at(2))
	times.Record(gen.ShopWeb, at(1))
	expect("after two were restored", at(0), at(2))
	times.RecordEarly(gen.ShopWeb, at(1))
	times.RecordEarly(gen.ShopWeb, at(0))
	expect("after early ones", at(0), at(1))
	for range 2 {
		times.RecordEarly(gen.ShopWeb, at(0))
		times.Record(gen.ShopWeb, at(2))
		times.RecordEarly(gen.ShopWeb, at(3))
		times.Record(gen.ShopWeb, at(4))
		expect("after one that was not early", at(2), at(4))
	}
}
