package probe

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// healthCheck asks a gRPC server with the standard health check. It speaks HTTP/2 itself, because the libraries hide the TCP connection,
// keep more memory and goroutines for each one, and reconnect on their own.
type healthCheck struct {
	conn net.Conn
	// header and message are the same in each request.
	header, message []byte
	// limit is how many bytes more may be read until the next answer ends.
	limit  io.LimitedReader
	framer *http2.Framer
	// answered is the last stream that the server answered to the end.
	answered uint32
	// serving is whether the answer so far says SERVING.
	serving bool
	// stream is that of the last request.
	stream atomic.Uint32

	// mu protects what requests and acknowledgements write.
	mu  sync.Mutex
	out bytes.Buffer
	// received is how many bytes of data have come since the server was last allowed more.
	received uint32
}

// maxFrame is how long a frame may be, in bytes, for a client that does not allow more.
const maxFrame = 16 << 10

var errDraining = errors.New("the server takes no further request on this connection")

func newHealthCheck(conn net.Conn, authority string, message []byte) *healthCheck {
	h := &healthCheck{conn: conn, header: healthCheckHeader(authority), message: message, limit: io.LimitedReader{R: conn}}
	h.framer = http2.NewFramer(&h.out, bufio.NewReaderSize(&h.limit, bufferSize))
	h.framer.SetMaxReadFrameSize(maxFrame)
	h.framer.SetReuseFrames()
	return h
}

func (h *healthCheck) ask() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	stream := h.stream.Load() + 2
	if stream == 2 {
		stream = 1 // the streams of a client have odd numbers
		h.out.WriteString(http2.ClientPreface)
		_ = h.framer.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	}
	h.stream.Store(stream)
	if h.received > 0 {
		_ = h.framer.WriteWindowUpdate(0, h.received)
		h.received = 0
	}
	_ = h.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: h.header, EndHeaders: true})
	_ = h.framer.WriteData(stream, true, h.message)
	return h.flush()
}

// flush writes in one packet what the framer has made. Making it cannot fail, because it stays in memory until then.
func (h *healthCheck) flush() error {
	_, err := h.out.WriteTo(h.conn)
	h.out.Reset()
	return err
}

func (h *healthCheck) answer() (answer, error) {
	h.limit.N = maxHeader + maxBody
	h.serving = false
	begun := false
	for {
		frame, err := h.framer.ReadFrame()
		if _, ok := frame.(*http2.GoAwayFrame); ok {
			err = errDraining
		}
		if err != nil && begun {
			return answer{ready: h.serving}, nil // the beginning was an answer
		}
		if err != nil {
			return answer{}, err
		}
		switch ours, last := h.handle(frame); {
		case last:
			h.answered = h.stream.Load()
			return answer{reusable: true, ready: h.serving}, h.conn.SetReadDeadline(time.Time{})
		case ours && !begun:
			begun = true
			_ = h.conn.SetReadDeadline(time.Now().Add(restTimeout))
		}
	}
}

// handle does what a frame asks for. It reports whether it belongs to the answer to the last request, and whether it is the last that does.
func (h *healthCheck) handle(frame http2.Frame) (ours, last bool) {
	ours = frame.Header().StreamID == h.stream.Load() && frame.Header().StreamID != h.answered
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			h.acknowledge(h.framer.WriteSettingsAck)
		}
	case *http2.PingFrame:
		if !frame.IsAck() {
			h.acknowledge(func() error { return h.framer.WritePing(true, frame.Data) })
		}
	case *http2.DataFrame:
		h.mu.Lock()
		h.received += frame.Length
		h.mu.Unlock()
		h.serving = h.serving || ours && serving(frame.Data())
		return ours, ours && frame.StreamEnded()
	case *http2.HeadersFrame:
		return ours, ours && frame.StreamEnded()
	case *http2.RSTStreamFrame:
		return ours, ours
	}
	return false, false
}

// acknowledge writes what the server waits for before it goes on.
func (h *healthCheck) acknowledge(write func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// A server that sends and does not read must not delay a request. What fails here shows in answer, too.
	_ = h.conn.SetWriteDeadline(time.Now().Add(restTimeout))
	_ = write()
	_ = h.flush()
}
