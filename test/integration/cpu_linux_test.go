//go:build integration

package integration_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// waitedForCPU returns how long the threads of this process, in which all replicas run, have been ready to run while others had the CPUs.
// See Documentation/scheduler/sched-stats.rst of Linux.
func waitedForCPU(t *testing.T) (waited time.Duration) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the thread has ended
		}
		if err != nil {
			t.Fatal(err)
		}
		var running, waiting int64
		if _, err := fmt.Sscan(string(content), &running, &waiting); err != nil {
			t.Fatal(err)
		}
		waited += time.Duration(waiting)
	}
	return waited
}
