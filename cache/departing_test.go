package cache

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestADepartureIsForgotten(t *testing.T) {
	l := New()
	l.Depart("a", at(0), at(5))
	l.Depart("b", at(0), at(9))
	for uid, want := range map[types.UID]bool{"a": true, "b": true, "c": false} {
		if got := l.Departing(uid, at(4)); got != want {
			t.Errorf("%s is departing: %v, want %v", uid, got, want)
		}
	}
	if l.Departing("a", at(5)) {
		t.Error("a is still departing when its time is over")
	}
	l.Depart("a", at(6), at(8))
	if !l.Departing("a", at(7)) {
		t.Error("a is not departing when another request for it was admitted")
	}
	l.Departed("b")
	if l.Departing("b", at(4)) {
		t.Error("b is still departing when it has gone")
	}
}

// Requests that are refused leave pods that nobody sees go. They are swept out, at a cost that does not grow with the number of pods
// that are going.
func TestDeparturesThatNeverCameAreSweptOut(t *testing.T) {
	const pods, lasts = 10_000, 100
	l := New()
	now := t0
	for i := range pods {
		now = now.Add(time.Second)
		l.Depart(types.UID(fmt.Sprint(i)), now, now.Add(lasts*time.Second))
		if got := len(l.departing.until); got > 4*lasts {
			t.Fatalf("%d departures are kept, of which at most %d still count", got, lasts)
		}
	}
	if !l.Departing("9999", now) || l.Departing("0", now) {
		t.Error("the wrong ones were swept out")
	}
}

// Ten thousand pods of one namespace are deleted at once: nothing can be swept out, and each attempt would look at all of them.
func TestManyDeparturesAtOnceAreSweptRarely(t *testing.T) {
	l := New()
	sweeps, last := 0, l.departing.sweepAt
	for i := range 10_000 {
		l.Depart(types.UID(fmt.Sprint(i)), at(0), at(15))
		if l.departing.sweepAt != last {
			sweeps, last = sweeps+1, l.departing.sweepAt
		}
	}
	if sweeps > 10 {
		t.Errorf("they were swept %d times, want about as often as their number doubled", sweeps)
	}
	for i := range 10_000 {
		l.Departed(types.UID(fmt.Sprint(i)))
	}
	if got := len(l.departing.until); got != 0 {
		t.Errorf("%d departures are left", got)
	}
}
