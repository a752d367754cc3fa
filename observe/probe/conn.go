package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

// restTimeout is how long the rest of an answer may take after its beginning. The beginning is the answer. The rest is read only so that
// the connection can be kept.
const restTimeout = 250 * time.Millisecond

// Conn is a connection to a pod. Only one goroutine may use Ask, Reusable and Ready. All other methods may be called at any time.
type Conn struct {
	tcp *net.TCPConn
	// stream is what requests are written to: tcp, or TLS over it.
	stream   net.Conn
	protocol protocol
	// started is whether there was a request, and with it the goroutine that reads.
	started bool
	// spent is whether no further request can follow: the last one was not answered, or its answer was the last.
	spent bool
	// ready is whether the last answer said that the pod is ready.
	ready bool
	// asked is whether an answer is due. What the other side sends without a request is none.
	asked atomic.Bool
	// answers receives each answer. It is closed when nothing reads any more.
	answers chan answer
	// err is why nothing reads any more. It is set before answers is closed.
	err   error
	ended chan struct{}
}

// protocol is how a pod is asked.
type protocol interface {
	// ask writes a request.
	ask() error
	// answer waits for an answer and reads it. It returns an error if there was none, or if the other side sent something else.
	answer() (answer, error)
}

// answer is what an answer of a pod says.
type answer struct {
	// reusable is whether another answer can follow on the connection.
	reusable bool
	// ready is whether the kubelet would take the pod for ready.
	ready bool
}

var errSpent = errors.New("the connection has been used up")

// Dial opens a TCP connection to a pod, to ask it as its readiness probe would. A process that hangs is connected to as well, because its
// kernel accepts: no TLS handshake is part of Dial. A server may log a connection that is closed without an Ask. Dial also fails if no
// request can be made of the probe.
func Dial(ctx context.Context, probe observe.Probe) (*Conn, error) {
	request, err := requestOf(probe)
	if err != nil {
		return nil, fmt.Errorf("failed to make request of readiness probe: %w", err)
	}
	tcp, err := connect(ctx, probe.Address)
	if err != nil {
		return nil, err
	}
	c := &Conn{tcp: tcp, stream: tcp, answers: make(chan answer, 1), ended: make(chan struct{})}
	switch probe.Kind {
	case observe.ProbeTCP:
		c.protocol = halfClose{tcp}
	case observe.ProbeGRPC:
		c.protocol = newHealthCheck(tcp, probe.Address.String(), request)
	case observe.ProbeHTTPS:
		c.stream = tls.Client(tcp, encryption)
		fallthrough
	default:
		c.protocol = &get{conn: c.stream, request: request, responses: newResponses(c.stream)}
	}
	return c, nil
}

// Ask sends one request and waits for the answer. Whatever the pod's process replies is an answer: any status, an error, bytes that
// make no sense. If the context ends first, Ask returns the context's error. If the other side ends the connection instead, Hangup
// recognises the error. After any error, there is nothing to do with the connection but to see whether the request was Acknowledged,
// whether it has Ended, and to close it.
func (c *Conn) Ask(ctx context.Context) error {
	if c.spent {
		return errSpent
	}
	c.spent, c.ready = true, false
	c.asked.Store(true)
	if !c.started {
		c.started = true
		go c.read()
	} else if err := c.write(ctx); err != nil {
		return err
	}
	select {
	case got, ok := <-c.answers:
		if !ok {
			return c.err
		}
		c.spent, c.ready = !got.reusable, got.ready
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write writes a request while read reads.
func (c *Conn) write(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	_ = c.stream.SetWriteDeadline(deadline) // it fails on a closed connection only, and so does the request
	err := c.protocol.ask()
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return context.DeadlineExceeded
	}
	return nil // for all other errors, there is one to read as well, or an answer before it
}

// read writes the first request, which takes a TLS handshake before, and reads all answers. It sees at once if the other side ends the
// connection.
func (c *Conn) read() {
	defer close(c.answers)
	_ = c.protocol.ask() // what is wrong shows in answer, too, and there may be an answer before it
	for {
		got, err := c.protocol.answer()
		answered := err == nil || !silent(err)
		if !answered || !c.asked.Swap(false) {
			c.end(err)
			return
		}
		c.answers <- got
		if !got.reusable {
			return
		}
	}
}

var errUnasked = errors.New("the server sent something without being asked")

// end notes that the connection is of no use, and why.
func (c *Conn) end(err error) {
	if err == nil {
		err = errUnasked
	}
	c.err = fmt.Errorf("failed to read answer of pod: %w", err)
	if !errors.Is(err, net.ErrClosed) {
		close(c.ended)
	}
}

// Reusable reports whether Ask can be called (again). After an answer that is not the case if the server has said that it closes the
// connection, or if the answer was too long, too slow or not understood.
func (c *Conn) Reusable() bool {
	select {
	case <-c.ended:
		return false
	default:
		return !c.spent
	}
}

// Ready reports whether the answer to the last Ask said that the pod is ready, by the kubelet's own measure: a status from 200 to 399, SERVING, or
// anything from a server of which only a TCP port is known.
func (c *Conn) Ready() bool { return c.ready }

// Ended is closed when the other side ends the connection, or announces to. It is noticed from the first Ask on, between requests and
// during one, but not after an answer after which the connection is not Reusable, and never after Close.
func (c *Conn) Ended() <-chan struct{} { return c.ended }

// Close closes the connection. An Ask that is under way ends with an error.
func (c *Conn) Close() { c.stream.Close() }
