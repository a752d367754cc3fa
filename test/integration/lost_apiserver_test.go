//go:build integration

package integration_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
)

// relay stands between a replica and the API servers, as a Service of several does.
type relay struct {
	t        *testing.T
	listener net.Listener
	to       string

	mu sync.Mutex
	// lost ends when the API server is lost that the connections since the one before lead to.
	lost chan struct{}
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	api, err := url.Parse(cluster.Host)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, listener: listener, to: api.Host, lost: make(chan struct{})}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go r.carry(client)
		}
	}()
	return r
}

func (r *relay) url() string { return "https://" + r.listener.Addr().String() }

// lose makes the present connections silent, and does not end them. New ones lead to another API server.
func (r *relay) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.lost)
	r.lost = make(chan struct{})
}

// carry carries what is sent on a connection, both ways, until either side ends it.
func (r *relay) carry(client net.Conn) {
	defer client.Close()
	r.mu.Lock()
	lost := r.lost
	r.mu.Unlock()
	server, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer server.Close()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(unlessLost{way[1], lost}, way[0])
			ended <- struct{}{}
		}()
	}
	<-ended
}

// unlessLost drops what is written when the API server is lost.
type unlessLost struct {
	io.Writer
	lost chan struct{}
}

func (u unlessLost) Write(p []byte) (int, error) {
	select {
	case <-u.lost:
		return len(p), nil
	default:
		return u.Writer.Write(p)
	}
}

// noticedWithin is much sooner than client-go notices it by itself, which takes 45 s.
const noticedWithin = 15 * time.Second

func TestAHandoverAfterOneOfSeveralAPIServersWasLost(t *testing.T) {
	for _, name := range []string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS", "HTTP2_PING_TIMEOUT_SECONDS"} {
		t.Setenv(name, "") // until the test ends: on a busy machine, those of other tests' own clients must not end
	}
	if err := app.EndSilentConnections(); err != nil {
		t.Fatal(err)
	}
	installation := newTanist(t)
	servers := newRelay(t)
	installation.startBehind(&network{through: servers}, app.Options{}).waitElected()
	s, first := pair(t)
	servers.lose()
	lost := time.Now()
	s.terminate("a")
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	if took := time.Since(lost); took > noticedWithin {
		t.Errorf("the leader moves only %s after an API server was lost", took)
	}
}

// TestGrantsGoOnAfterOneOfSeveralAPIServersWasLost although all watches, and so all reads of the manager's client, hang for longer than a grant is valid.
func TestGrantsGoOnAfterOneOfSeveralAPIServersWasLost(t *testing.T) {
	const duration = 3 * time.Second
	installation := newTanist(t)
	installation.tune(fmt.Sprintf("grant: {duration: %s}", duration))
	servers := newRelay(t)
	_, url := installation.grantsBehind(&network{through: servers}, "tanist-a", address(t, 105))
	s := newNamespace(t)
	s.withService("web", func(service *corev1.Service) { service.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack) })
	a := s.withContender("web", "a", url, address(t, 6))
	granted := a.await(t)
	servers.lose()
	for over := time.After(2 * duration); ; {
		select {
		case state := <-a.states:
			if !state.Valid() {
				t.Fatalf("the leader has lost its grant: %+v", state)
			}
		case <-over:
			if !granted.Valid() {
				t.Error("the leader has no grant")
			}
			return
		}
	}
}
