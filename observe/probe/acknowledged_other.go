//go:build !linux

package probe

import "errors"

// Acknowledged is known on Linux only.
func (c *Conn) Acknowledged() (bool, error) { return false, errors.ErrUnsupported }
