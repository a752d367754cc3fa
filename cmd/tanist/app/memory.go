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
	// collections is how often the collector may run in such an interval: at a start, and while thousands of Services change, the CPU is needed for
	// something else.
	collections = 5
	// freeAfterDrop is by how much GOGC must have fallen at once for the end of a busy time. It is more than a step: a heap may swing between two.
	freeAfterDrop = 20
)

// limitMemory makes the garbage collector work harder before the container's memory limit is reached, at which the kernel would kill the
// program. It leaves a tenth for what is not on the heap. GOMEMLIMIT overrules it. Without a limit nothing changes.
func limitMemory() {
	if _, err := memlimit.Set(memlimit.WithRatio(0.9)); err != nil {
		ctrl.Log.V(1).Info("found no memory limit of the container", "error", err.Error())
	}
}

// limitGarbage limits the garbage on the heap until the context ends. Most of Tanist's objects live for long, and little is allocated while
// nothing happens, so that collecting more often costs little. What a busy time has left behind is then given back.
func limitGarbage(ctx context.Context) {
	ticker := time.NewTicker(gcInterval)
	defer ticker.Stop()
	now := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	debug.SetGCPercent(usualGCPercent)
	metrics.Read(now)
	for before, allocated := usualGCPercent, now[1].Value.Uint64(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(now)
		total := now[1].Value.Uint64()
		percent := gcPercent(now[0].Value.Uint64(), total-allocated)
		allocated = total
		if percent == before {
			continue
		}
		debug.SetGCPercent(percent)
		if percent <= before-freeAfterDrop {
			debug.FreeOSMemory()
		}
		before = percent
	}
}

// gcPercent returns GOGC for a heap on which so many bytes live, and on which so many were allocated in the last interval. It is in steps of ten,
// because setting it stops the program for a moment.
func gcPercent(live, allocated uint64) int {
	if live == 0 {
		return usualGCPercent
	}
	percent := max(int(garbageBytes*100/live)/10*10, lowestGCPercent)
	busy := int(allocated * 100 / live / collections)
	return min(max(percent, (busy+9)/10*10), usualGCPercent)
}
