package config

import (
	"runtime"
	"testing"
	"time"
)

// cost is what an input costs.
type cost struct {
	took  time.Duration
	bytes uint64
}

func measure(do func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	do()
	took := time.Since(begun)
	runtime.ReadMemStats(&after)
	return cost{took: took, bytes: after.TotalAlloc - before.TotalAlloc}
}

// check fails for an input that costs more than any may. The time is for a busy machine and for the coverage that the fuzzer measures.
func (c cost) check(t *testing.T, size int) {
	t.Helper()
	if c.took > time.Second || c.bytes > 10<<20 {
		t.Errorf("%d bytes took %s and %d bytes of memory", size, c.took, c.bytes)
	}
}
