package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// Touch opens a TCP connection, closes it at once, and reports whether the other side's kernel answered. A refusal is an answer. A
// time-out is none, and neither is a router's or the own kernel's word that there is no way to get there.
//
// It is for ports that nothing listens on: a server would log the connection, or count it as a failed one.
func Touch(ctx context.Context, address netip.AddrPort) (heard bool) {
	conn, err := connect(ctx, address)
	if err != nil {
		return Refused(err)
	}
	conn.Close()
	return true
}

// Refused reports whether an error says that nothing listens on the port: the other side's kernel has reset the attempt to connect.
func Refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// Hangup reports whether an error says that the other side has ended the connection, in order or not.
func Hangup(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// silent reports whether a connection ended with this error without that anything was received. All other errors are complaints about
// what was received.
func silent(err error) bool {
	_, fromKernel := errors.AsType[syscall.Errno](err)
	return fromKernel || Hangup(err) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded)
}

// connect opens a TCP connection. It sends no keepalives: their intervals are whole seconds, and the questions come more often.
//
// Dialer.DialTCP would bind each connection to a port of its own before it knows the destination. Then all destinations share the ports
// that suffice for one.
func connect(ctx context.Context, address netip.AddrPort) (*net.TCPConn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	conn, err := dialer.DialContext(ctx, "tcp", address.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// encryption is for servers whose certificates nobody outside knows. Kubelets sign theirs themselves, and probes of pods do not verify
// any. Nothing secret is sent, so the keys need not withstand a quantum computer: without those, the first message fits into one packet.
var encryption = &tls.Config{
	InsecureSkipVerify: true,
	CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
}
