package watch

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

// A server that ends a kept connection and lives is asked again at its usual time, not at once: it may end each.
func TestAServerThatEndsKeptConnectionsHasNoneKeptForAWhile(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	w, _ := watched(t, leader, candidate, func(*observe.Service) {})
	keeps := func() bool {
		w.mu.Lock()
		s, p := w.services[key("web")], w.pods["leader"]
		w.mu.Unlock()
		return w.keeps(t.Context(), p) && s.keeping == keepingWell
	}
	eventually(t, "connections are kept", keeps)
	eventually(t, "a kept connection that ends has none kept", func() bool {
		leader.CloseClientConnections()
		return !keeps()
	})
}

// A connection is kept only where another one is served beside it.
func TestAServerWithASingleThreadIsNotBlocked(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	single := &httptest.Server{Listener: &oneAtATime{Listener: listener}, Config: &http.Server{Handler: http.NotFoundHandler()}}
	single.Start()
	t.Cleanup(single.Close)
	many := newApp(t)
	if got := tryTwo(t.Context(), *probeOf(single)); got != keepingNot {
		t.Errorf("for a server that serves one connection at a time, keeping is %d, want %d", got, keepingNot)
	}
	eventually(t, "connections are kept to a server that serves many", func() bool {
		return tryTwo(t.Context(), *probeOf(many.Server)) == keepingWell
	})
	w, _ := newWatcher(t, &cluster{})
	kept, err := probe.Dial(t.Context(), *probeOf(single))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	leader := &pod{}
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if w.servesBeside(t.Context(), leader, *probeOf(single)) || leader.keepFrom != w.clock.Now()+want {
			t.Errorf("a leader that serves one connection at a time has none kept until %s, want %s", leader.keepFrom, want)
		}
	}
	leader = &pod{}
	eventually(t, "a leader that serves many is believed to", func() bool {
		return w.servesBeside(t.Context(), leader, *probeOf(many.Server))
	})
	many.Close()
	if got := tryTwo(t.Context(), *probeOf(many.Server)); got != keepingUnknown {
		t.Errorf("for a server that is gone, keeping is %d, want %d", got, keepingUnknown)
	}
}

// oneAtATime is a listener that accepts a connection only after the one before was closed.
type oneAtATime struct {
	net.Listener
	busy sync.Mutex
}

func (l *oneAtATime) Accept() (net.Conn, error) {
	l.busy.Lock()
	conn, err := l.Listener.Accept()
	if err != nil {
		l.busy.Unlock()
		return nil, err
	}
	return &releasing{Conn: conn, release: sync.OnceFunc(l.busy.Unlock)}, nil
}

type releasing struct {
	net.Conn
	release func()
}

func (c *releasing) Close() error {
	defer c.release()
	return c.Conn.Close()
}
