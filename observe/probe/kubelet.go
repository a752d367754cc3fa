package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"
)

// Kubelet is a TLS connection to a kubelet that is kept for many questions. Its methods must not be called at the same time, except Close.
type Kubelet struct {
	conn      *tls.Conn
	request   []byte
	responses *responses
	// failed is why the connection can no longer be used.
	failed error
}

// kubeletRequest is for a path that no kubelet has. It answers 404 without asking who wants to know, and logs nothing. Its health check
// would need a right, and writing to it others that nobody should have.
const kubeletRequest = "GET /tanist.dev/heard HTTP/1.1\r\nHost: %s\r\nUser-Agent: tanist\r\n\r\n"

// DialKubelet connects to a kubelet and completes the TLS handshake: of one that is broken off, the kubelet would log an error. It calls
// accepted as soon as the node's kernel has accepted the connection, which it does even if the kubelet hangs.
func DialKubelet(ctx context.Context, address netip.AddrPort, accepted func()) (*Kubelet, error) {
	raw, err := connect(ctx, address)
	if err != nil {
		return nil, err
	}
	accepted()
	conn := tls.Client(raw, encryption)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, fmt.Errorf("failed to complete TLS handshake with %s: %w", address, err)
	}
	return &Kubelet{
		conn: conn, request: fmt.Appendf(nil, kubeletRequest, address), responses: newResponses(conn),
	}, nil
}

// Ask sends one request and reads the whole answer, whatever it says. If the context ends first, it returns the context's error. After any
// error, the connection is unusable.
func (k *Kubelet) Ask(ctx context.Context) error {
	if k.failed != nil {
		return k.failed
	}
	stop := context.AfterFunc(ctx, k.interrupt)
	k.failed = k.exchange()
	if !stop() && (k.failed == nil || errors.Is(k.failed, os.ErrDeadlineExceeded)) {
		k.failed = ctx.Err() // also if the answer came in the same moment: the connection is interrupted
	}
	return k.failed
}

func (k *Kubelet) exchange() error {
	if _, err := k.conn.Write(k.request); err != nil {
		return err
	}
	_, err := k.responses.next()
	return err
}

func (k *Kubelet) interrupt() { _ = k.conn.SetDeadline(time.Unix(1, 0)) }

// Close closes the connection. An Ask that is under way ends with an error.
func (k *Kubelet) Close() { k.conn.Close() }
