package grant

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var (
	seed    = flag.Uint64("seed", 0, "the seed of the first round of TestRandom; 0 for a new one")
	rounds  = flag.Int("rounds", 300, "how many rounds TestRandom makes")
	verbose = flag.Bool("log", false, "print what happens in TestRandom")
)

func TestRandom(t *testing.T) {
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	grants, early, held := 0, 0, 0
	for i := range uint64(*rounds) {
		s := &simulation{Rand: rand.New(rand.NewPCG(first+i, 0)), wait: wait}
		trace := s.run(2 * time.Minute)
		if grants, early, held = grants+s.grants, early+s.early, held+s.held; len(trace) > 0 {
			t.Fatalf("two pods hold a grant in the round with -seed %d:\n%v", first+i, trace[max(0, len(trace)-40):])
		}
		if *verbose {
			t.Log(s.log)
		}
	}
	t.Logf("%d grants, %d step-downs that counted, requests held %d times, seed %d", grants, early, held, first)
	if grants < 100**rounds/10 || early < *rounds/10 || held < 100**rounds/10 {
		t.Errorf("%d grants, %d step-downs and requests held %d times: too few to prove anything", grants, early, held)
	}
}

// TestRandomFindsWhatIsWrong checks that the simulation would find two leaders.
func TestRandomFindsWhatIsWrong(t *testing.T) {
	found := slices.ContainsFunc(make([]struct{}, 100), func(struct{}) bool {
		s := &simulation{Rand: rand.New(rand.NewPCG(rand.Uint64(), 0)), wait: duration / 2}
		return len(s.run(2*time.Minute)) > 0
	})
	if !found {
		t.Error("replicas that wait for half a grant make no two leaders")
	}
}
