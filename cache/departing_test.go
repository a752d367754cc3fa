package cache

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestADepartureEnds(t *testing.T) {
	l := New()
	l.DepartureAdmitted("a", at(0), at(5))
	l.DepartureAdmitted("b", at(0), at(9))
	for uid, want := range map[types.UID]bool{"a": true, "b": true, "c": false} {
		if got := l.Departing(uid, at(4)); got != want {
			t.Errorf("%s: departing is %t, want %t", uid, got, want)
		}
	}
	if l.Departing("a", at(5)) {
		t.Error("a is departing although its time is over")
	}
	l.DepartureAdmitted("a", at(6), at(8))
	if !l.Departing("a", at(7)) {
		t.Error("a is not departing although another request for it was admitted")
	}
	l.DepartureSeen("b")
	if l.Departing("b", at(4)) {
		t.Error("b is departing although it was seen to go")
	}
}

// A pod whose request is refused is never seen to go, so only a sweep removes it.
func TestRefusedDeparturesAreSwept(t *testing.T) {
	const pods, lasts = 10_000, 100
	l := New()
	now := t0
	for i := range pods {
		now = now.Add(time.Second)
		l.DepartureAdmitted(types.UID(fmt.Sprint(i)), now, now.Add(lasts*time.Second))
		if got := len(l.departing.until); got > 4*lasts {
			t.Fatalf("%d departures are kept although at most %d may still come", got, lasts)
		}
	}
	if !l.Departing("9999", now) || l.Departing("0", now) {
		t.Error("the wrong departures were swept")
	}
}

// When all ten thousand pods of a namespace are deleted at once, a sweep removes none of them but looks at all.
func TestManyDeparturesAtOnceAreSweptRarely(t *testing.T) {
	l := New()
	sweeps, last := 0, l.departing.sweepAt
	for i := range 10_000 {
		l.DepartureAdmitted(types.UID(fmt.Sprint(i)), at(0), at(15))
		if l.departing.sweepAt != last {
			sweeps, last = sweeps+1, l.departing.sweepAt
		}
	}
	if sweeps > 10 {
		t.Errorf("%d sweeps, want about one each time that the number of pods doubles", sweeps)
	}
	for i := range 10_000 {
		l.DepartureSeen(types.UID(fmt.Sprint(i)))
	}
	if got := len(l.departing.until); got != 0 {
		t.Errorf("%d departures are left", got)
	}
}
