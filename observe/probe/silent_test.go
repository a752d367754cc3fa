package probe

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestWhatOnlyTheOwnKernelSaysIsNoAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"it gave up sending":           {syscall.ETIMEDOUT, true},
		"it knows no way to the host":  {syscall.EHOSTUNREACH, true},
		"the other side has ended":     {io.EOF, true},
		"it ended in a TLS record":     {io.ErrUnexpectedEOF, true},
		"the connection was reset":     {syscall.ECONNRESET, true},
		"the deadline has passed":      {os.ErrDeadlineExceeded, true},
		"the connection is closed":     {net.ErrClosed, true},
		"an alert of TLS was received": {errors.New("tls: handshake failure"), false},
		"the end was announced":        {errDraining, false},
	} {
		if got := silent(&net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("failed: %w", test.err)}); got != test.want {
			t.Errorf("If %s, the other side is said to be silent: %t", name, got)
		}
	}
}
