package retry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestWorth(t *testing.T) {
	slices := schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}
	answered := func(code int) error {
		return apierrors.NewGenericServerResponse(code, "patch", slices, "x", "", 0, true)
	}
	onTheWire := func(err error) error {
		return fmt.Errorf("failed to patch EndpointSlice: %w", &url.Error{Op: "Patch", URL: "https://10.96.0.1", Err: err})
	}
	dialed := func(errno syscall.Errno) error {
		return onTheWire(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errno)})
	}
	cases := map[string]struct {
		err  error
		want bool
	}{
		"no error":          {err: nil, want: false},
		"too many requests": {err: apierrors.NewTooManyRequests("slow down", 1), want: true},
		"too many requests without a Retry-After": {err: apierrors.NewTooManyRequestsError("slow down"), want: true},
		"server timeout":                     {err: apierrors.NewServerTimeout(slices, "patch", 2), want: true},
		"request timeout":                    {err: apierrors.NewTimeoutError("etcd", 1), want: true},
		"internal error":                     {err: apierrors.NewInternalError(errors.New("etcd has no leader")), want: true},
		"service unavailable":                {err: apierrors.NewServiceUnavailable("starting"), want: true},
		"service unavailable, wrapped":       {err: fmt.Errorf("failed to patch: %w", apierrors.NewServiceUnavailable("")), want: true},
		"bad gateway of a load balancer":     {err: answered(502), want: true},
		"gateway timeout of a load balancer": {err: answered(504), want: true},
		"not implemented":                    {err: answered(501), want: false},
		"conflict":                           {err: apierrors.NewConflict(slices, "x", errors.New("changed")), want: false},
		"not found":                          {err: apierrors.NewNotFound(slices, "x"), want: false},
		"already exists":                     {err: apierrors.NewAlreadyExists(slices, "x"), want: false},
		"already exists with a Retry-After":  {err: apierrors.NewGenerateNameConflict(slices, "x", 1), want: false},
		"invalid":                            {err: apierrors.NewInvalid(schema.GroupKind{}, "x", nil), want: false},
		"bad request":                        {err: apierrors.NewBadRequest("x"), want: false},
		"unauthorized":                       {err: apierrors.NewUnauthorized("x"), want: false},
		"forbidden":                          {err: apierrors.NewForbidden(slices, "x", errors.New("no role")), want: false},
		"gone":                               {err: apierrors.NewResourceExpired("x"), want: false},
		"connection refused":                 {err: dialed(syscall.ECONNREFUSED), want: true},
		"connection reset":                   {err: dialed(syscall.ECONNRESET), want: true},
		"broken pipe":                        {err: dialed(syscall.EPIPE), want: true},
		"no route to host":                   {err: dialed(syscall.EHOSTUNREACH), want: true},
		"connection closed":                  {err: onTheWire(io.EOF), want: true},
		"answer cut short":                   {err: fmt.Errorf("failed to read body: %w", io.ErrUnexpectedEOF), want: true},
		"connection closed by us":            {err: onTheWire(net.ErrClosed), want: true},
		"dial timeout":                       {err: onTheWire(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), want: true},
		"HTTP/2 connection lost":             {err: onTheWire(errors.New("http2: client connection lost")), want: true},
		"HTTP/2 connection closed by force":  {err: onTheWire(errors.New("http2: client connection force closed via ClientConn.Close")), want: true},
		"HTTP/2 GOAWAY":                      {err: onTheWire(errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1")), want: true},
		"HTTP/2 graceful shutdown":           {err: onTheWire(errors.New("http2: Transport received Server's graceful shutdown GOAWAY")), want: true},
		"HTTP/2 stream reset":                {err: onTheWire(errors.New("stream error: stream ID 7; INTERNAL_ERROR; received from peer")), want: true},
		"an attempt's own deadline":          {err: onTheWire(context.DeadlineExceeded), want: true},
		"canceled by its owner":              {err: onTheWire(context.Canceled), want: false},
		"a certificate that is not trusted":  {err: onTheWire(errors.New("x509: certificate signed by unknown authority")), want: false},
		"anything else":                      {err: errors.New("failed to build patch"), want: false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Worth(test.err); got != test.want {
				t.Errorf("Worth(%v) = %t, want %t", test.err, got, test.want)
			}
		})
	}
}
