//go:build !linux

package effort

import (
	"testing"
	"time"
)

var start = time.Now()

// threadTime is the time that has passed: not every system tells the time of a thread.
func threadTime(*testing.T) time.Duration { return time.Since(start) }
