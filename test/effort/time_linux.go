package effort

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the CPU time that the calling thread has used. It does not grow while other programs have the CPU.
func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
