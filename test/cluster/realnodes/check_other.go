//go:build !linux

package realnodes

import (
	"context"
	"fmt"
	"runtime"
)

// Check returns an error: real nodes need Linux.
func Check(context.Context) error {
	return fmt.Errorf("real nodes need Linux, this is %s", runtime.GOOS)
}

// InUse reports whether a cluster with real nodes is up on this machine.
func InUse() bool { return false }
