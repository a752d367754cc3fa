package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

// http2Server answers requests frame by frame, each only when the client has acknowledged its SETTINGS and a PING.
type http2Server struct {
	*http2.Framer
	acknowledged bool
}

func newHTTP2Server(conn net.Conn) (*http2Server, error) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return nil, err
	}
	s := &http2Server{Framer: http2.NewFramer(conn, conn)}
	return s, s.WriteSettings()
}

// next returns the stream of the next request.
func (s *http2Server) next() (stream uint32, err error) {
	for {
		frame, err := s.ReadFrame()
		if err != nil {
			return 0, err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			s.acknowledged = s.acknowledged || frame.IsAck()
		case *http2.HeadersFrame:
			err = s.WritePing(false, [8]byte{byte(frame.StreamID)})
		case *http2.PingFrame:
			if !s.acknowledged {
				err = errors.New("the PING was acknowledged, and not the SETTINGS before it")
			}
			return uint32(frame.Data[0]), err
		}
		if err != nil {
			return 0, err
		}
	}
}

func (s *http2Server) header(stream uint32, last bool) error {
	return s.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, EndStream: last})
}

func TestFramesOfTheLastRequestAreAnAnswerAndSomeEndTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		frames       func(s *http2Server, stream uint32) error
		wantErr      error
		wantReusable bool
		wantEnd      bool
	}{
		"a response, and a reset that comes late": {frames: func(s *http2Server, stream uint32) error {
			return errors.Join(s.header(stream, false), s.WriteData(stream, false, make([]byte, 5)), s.header(stream, true),
				s.WriteRSTStream(stream, http2.ErrCodeNo))
		}, wantReusable: true},
		"a refusal": {frames: func(s *http2Server, stream uint32) error {
			return s.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
		}, wantReusable: true},
		"a response after the announcement that there is no further one": {frames: func(s *http2Server, stream uint32) error {
			return errors.Join(s.WriteGoAway(stream, http2.ErrCodeNo, nil), s.header(stream, true))
		}},
		"a response, and then that announcement": {frames: func(s *http2Server, stream uint32) error {
			return errors.Join(s.header(stream, true), s.WriteGoAway(stream, http2.ErrCodeNo, nil))
		}, wantReusable: true, wantEnd: true},
		"a response that begins and does not go on": {frames: func(s *http2Server, stream uint32) error {
			return s.header(stream, false)
		}},
		"a response that ends with the connection": {frames: func(s *http2Server, stream uint32) error {
			return errors.Join(s.header(stream, false), io.EOF)
		}},
		"another protocol": {frames: func(s *http2Server, _ uint32) error {
			return s.WriteRawFrame('H', 'T', 'T', make([]byte, 32<<10))
		}},
		"a response to nobody": {frames: func(s *http2Server, stream uint32) error {
			return s.header(stream+2, true)
		}, wantErr: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served := make(chan error, 1)
			conn := dial(t, observe.Probe{Kind: observe.ProbeGRPC, Address: serve(t, func(conn net.Conn) {
				server, err := newHTTP2Server(conn)
				for stream := uint32(0); err == nil; {
					if stream, err = server.next(); err == nil {
						err = test.frames(server, stream)
					}
				}
				served <- err
			})})
			limit := plenty
			if test.wantErr != nil {
				limit = patience
			}
			for question := 1; question <= 2; question++ {
				if err := conn.Ask(within(t, limit)); !errors.Is(err, test.wantErr) {
					t.Fatalf("After %s, question %d ended with %v", name, question, err)
				}
				if test.wantEnd {
					waitForEnd(t, conn)
				}
				if !test.wantReusable || test.wantEnd {
					break
				}
			}
			if got := conn.Reusable(); got != (test.wantReusable && !test.wantEnd) {
				t.Errorf("After %s, the connection is said to be reusable: %t", name, got)
			}
			conn.Close()
			if err := <-served; !probe.Hangup(err) {
				t.Errorf("The server did not understand: %v", err)
			}
		})
	}
}
