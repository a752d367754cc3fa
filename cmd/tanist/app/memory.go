package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	ctrl "sigs.k8s.io/controller-runtime"
)

const (
	// usualGCPercent is GOGC for a heap of usual size. Go's default is 100: as much garbage as live objects.
	usualGCPercent = 50
	// garbageBytes is how much garbage a large heap may have.
	garbageBytes = 32 << 20
	// lowestGCPercent keeps the collector from running all the time when the heap is very large.
	lowestGCPercent = 10
	// gcInterval is how often the limit follows the size of the heap.
	gcInterval = 10 * time.Second
)

// limitMemory makes the garbage collector work harder before the container's memory limit is reached, at which the kernel would kill the
// program. It leaves a tenth for what is not on the heap. GOMEMLIMIT overrules it. Without a limit nothing changes.
func limitMemory() {
	if _, err := memlimit.Set(memlimit.WithRatio(0.9)); err != nil {
		ctrl.Log.V(1).Info("found no memory limit of the container", "error", err.Error())
	}
}

// limitGarbage limits the garbage on the heap until the context ends. Most of Tanist's objects live for long, and little is allocated while
// nothing happens, so that collecting more often costs little.
func limitGarbage(ctx context.Context) {
	ticker := time.NewTicker(gcInterval)
	defer ticker.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	debug.SetGCPercent(usualGCPercent)
	for before := usualGCPercent; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(live)
		if percent := gcPercent(live[0].Value.Uint64()); percent != before {
			debug.SetGCPercent(percent)
			before = percent
		}
	}
}

// gcPercent returns GOGC for a heap on which so many bytes live, in steps of ten, because setting it stops the program for a moment.
func gcPercent(live uint64) int {
	if live == 0 {
		return usualGCPercent
	}
	return min(max(int(garbageBytes*100/live)/10*10, lowestGCPercent), usualGCPercent)
}
