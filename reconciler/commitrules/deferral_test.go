package commitrules

import (
	"testing"
	"time"
)

// TestTheHolderGoesFirstWhenNoOtherCommits for a minute, in that namespace alone, and no longer than until a conflict.
func TestTheHolderGoesFirstWhenNoOtherCommits(t *testing.T) {
	var d Deferral
	now := time.Unix(0, 0)
	d.Forget("shop") // nothing was learnt yet
	expect := func(when string, shop, bank bool) {
		t.Helper()
		if got := [2]bool{d.Yields("shop", now), d.Yields("bank", now)}; got != [2]bool{shop, bank} {
			t.Errorf("%s it yields in shop and bank: %v, want %v", when, got, [2]bool{shop, bank})
		}
	}
	expect("at first", true, true)
	d.NoOtherCommitted("shop", "a", now)
	d.NoOtherCommitted("shop", "a", now)
	expect("after no other replica has committed one departure, of a leader of two Services", true, true)
	d.NoOtherCommitted("shop", "b", now)
	expect("after no other replica has committed a second departure", false, true)
	now = now.Add(goesFirst - time.Nanosecond)
	expect("just before the minute is over", false, true)
	now = now.Add(time.Nanosecond)
	expect("a minute later", true, true)
	d.NoOtherCommitted("shop", "c", now)
	expect("after it was alone once more", false, true)
	d.Forget("shop")
	expect("after a conflict in shop", true, true)
}
