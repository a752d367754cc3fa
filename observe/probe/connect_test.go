package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/tanist-dev/tanist/observe/probe"
)

func TestOnlyAResetOfTheAttemptIsARefusal(t *testing.T) {
	for name, test := range map[string]struct {
		err                     error
		wantRefused, wantHangup bool
	}{
		"nothing listens":               {syscall.ECONNREFUSED, true, false},
		"no way to the host":            {syscall.EHOSTUNREACH, false, false},
		"no way to the network":         {syscall.ENETUNREACH, false, false},
		"the kernel has given up":       {syscall.ETIMEDOUT, false, false},
		"the deadline":                  {os.ErrDeadlineExceeded, false, false},
		"the context's deadline":        {context.DeadlineExceeded, false, false},
		"an end in order":               {io.EOF, false, true},
		"an end in a record or a frame": {io.ErrUnexpectedEOF, false, true},
		"a reset connection":            {syscall.ECONNRESET, false, true},
		"a write after a reset":         {syscall.EPIPE, false, true},
		"closed on this side":           {net.ErrClosed, false, false},
		"something else":                {errors.New("malformed response"), false, false},
		"no error":                      {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.err
			if err != nil {
				err = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
			}
			if got := probe.Refused(err); got != test.wantRefused {
				t.Errorf("%q is taken for a refusal: %t", err, got)
			}
			if got := probe.Hangup(err); got != test.wantHangup {
				t.Errorf("%q is taken for a hang-up: %t", err, got)
			}
		})
	}
}
