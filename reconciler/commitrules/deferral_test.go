package commitrules

import (
	"testing"
	"time"
)

// TestTheHolderGoesFirstWhenNoOtherCommits for a minute, in that namespace alone, and no longer than until a conflict.
func TestTheHolderGoesFirstWhenNoOtherCommits(t *testing.T) {
	var d Deferral
	now, others := time.Unix(0, 0), time.Time{}
	d.Forget("shop") // nothing was learnt yet
	expect := func(when string, shop, bank bool) {
		t.Helper()
		if got := [2]bool{d.Yields("shop", now), d.Yields("bank", now)}; got != [2]bool{shop, bank} {
			t.Errorf("%s it yields in shop and bank: %v, want %v", when, got, [2]bool{shop, bank})
		}
	}
	expect("at first", true, true)
	d.NoOtherCommitted("shop", others, now)
	now = now.Add(sameMoment - 1)
	d.NoOtherCommitted("shop", others, now)
	expect("after no other replica has committed for a moment", true, true)
	now = now.Add(1)
	d.NoOtherCommitted("shop", others, now)
	expect("after no other replica has committed a second time", false, true)
	now = now.Add(goesFirst - time.Nanosecond)
	expect("just before the minute is over", false, true)
	now = now.Add(time.Nanosecond)
	expect("a minute later", true, true)
	d.NoOtherCommitted("shop", others, now)
	expect("after it was alone once more", false, true)
	d.Forget("shop")
	expect("after a conflict in shop", true, true)
	d.NoOtherCommitted("shop", others, now)
	now = now.Add(forgetAfter)
	d.NoOtherCommitted("shop", others, now)
	expect("after a replica was late twice, ten minutes apart", true, true)
	others, now = now.Add(sameMoment), now.Add(time.Minute)
	d.NoOtherCommitted("shop", others, now)
	expect("after another replica has committed in between", true, true)
}
