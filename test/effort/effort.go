// Package effort is for fuzz tests: it limits what one input may cost.
package effort

import (
	"runtime"
	"testing"
	"time"
)

// What one object may cost, whatever its users write. A replica looks at some thousand objects a second.
const (
	maxTime  = 50 * time.Millisecond
	maxBytes = 10 << 20
)

// MaxInput is the size of the largest object that the API server accepts.
const MaxInput = 3 << 19

// Limit fails the test if a function takes too much CPU time or memory. Whatever interrupts its thread counts in part as well, so the shortest
// of three attempts counts.
func Limit(t *testing.T, what string, f func()) {
	t.Helper()
	runtime.LockOSThread() // whose time is measured
	defer runtime.UnlockOSThread()
	var took time.Duration
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := threadTime(t)
		f()
		took = threadTime(t) - began
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > maxBytes {
			t.Fatalf("%s allocates %d bytes", what, allocated)
		}
		if took <= maxTime {
			return
		}
	}
	t.Errorf("%s takes %s of CPU time", what, took)
}
