package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

const duration = 2 * time.Second

var (
	errAway = errors.New("the API server is away")
	slice   = types.NamespacedName{Namespace: "shop", Name: "db-leader-ipv4"}
)

// testCluster is a cluster with a Service, its pods, and replicas of Tanist.
type testCluster struct {
	mu   sync.Mutex
	view grant.View
	// seen is what the informers have.
	seen grant.View
	err  error
	// hold, if it is there, keeps reads from being answered until it is closed.
	hold  chan struct{}
	began int
	// reviews is how many tokens were reviewed.
	reviews int
	// hidden is whether there is a replica that cannot be asked.
	hidden bool
	left   time.Time
	// unknown has the pods that the informers do not know yet.
	unknown map[string]bool
	// unselected is whether no Service selects any pod.
	unselected bool
	// another is whether another Service, which nobody leads, selects every pod, too.
	another  bool
	replicas []*Server
}

// pods are the pods by their addresses. Their UIDs are their names.
var pods = map[netip.Addr]string{
	netip.MustParseAddr("10.1.0.1"): "a", netip.MustParseAddr("10.1.0.2"): "b", netip.MustParseAddr("10.1.0.3"): "c",
}

// newTestCluster returns a cluster in which the pod a has led for long.
func newTestCluster(t *testing.T, replicas int) *testCluster {
	t.Helper()
	w := &testCluster{}
	for range replicas {
		w.replicas = append(w.replicas, w.replica(t, len(w.replicas)))
	}
	w.move("a")
	<-time.After(time.Minute)
	return w
}

// replica returns a replica that has just started.
func (w *testCluster) replica(t *testing.T, index int) *Server {
	t.Helper()
	s, err := New(Options{
		Cluster: knownTo{w, index}, Reader: w, Reviewer: w, Duration: func() time.Duration { return duration }, Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Transport: knownTo{w, index}}
	return s
}

// move moves the leader, and tells the informers of all replicas.
func (w *testCluster) move(leader string) {
	w.moveUnseen(leader)
	w.watch()
}

// watch has the informers of all replicas show who leads.
func (w *testCluster) watch() {
	w.mu.Lock()
	w.seen = w.view
	replicas, view := w.replicas, w.view
	w.mu.Unlock()
	for _, s := range replicas {
		s.Note(slice, view)
	}
}

// moveUnseen moves the leader, and the informers do not know yet.
func (w *testCluster) moveUnseen(leader string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view = grant.View{Slice: "s", Generation: w.view.Generation + 1, Term: w.view.Term + 10, Leader: leader}
}

// Read implements Reader.
func (w *testCluster) Read(ctx context.Context, _ types.NamespacedName) (grant.View, error) {
	w.mu.Lock()
	w.began++
	view, err, hold := w.view, w.err, w.hold
	w.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return grant.View{}, ctx.Err()
		}
	}
	return view, err
}

// knownTo is the cluster as a replica knows it.
type knownTo struct {
	*testCluster
	index int
}

func addressOf(replica int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, 0, byte(replica + 1)}), 8445)
}

// CallerAt implements Cluster.
func (k knownTo) CallerAt(address netip.Addr) (Caller, bool) {
	name, ok := pods[address]
	return k.caller(name), ok && k.knows(name)
}

// CallerNamed implements Cluster.
func (k knownTo) CallerNamed(pod Pod) (Caller, bool) {
	for _, name := range pods {
		if pod == podNamed(name) {
			return k.caller(name), k.knows(name)
		}
	}
	return Caller{}, false
}

func (w *testCluster) knows(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.unknown[name]
}

// appear has the informers of all replicas know a pod.
func (w *testCluster) appear(name string) {
	w.mu.Lock()
	delete(w.unknown, name)
	w.mu.Unlock()
	for _, s := range w.replicas {
		for address, pod := range pods {
			if pod == name {
				s.NotePod(podNamed(name), []netip.Addr{address})
			}
		}
	}
}

func podNamed(name string) Pod { return Pod{Namespace: "shop", Name: name, UID: name} }

func (k knownTo) caller(name string) Caller {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unselected {
		return Caller{Pod: podNamed(name)}
	}
	caller := Caller{Pod: podNamed(name), Services: []Service{{
		Name: "db", LeaderService: "db-leader", Slice: slice, Leader: k.seen.Leader, Term: k.seen.Term, Leads: k.seen.Leader == name,
	}}}
	if k.another {
		caller.Services = append(caller.Services, Service{Name: "queue", LeaderService: "queue-leader"})
	}
	return caller
}

// Replicas implements Cluster.
func (k knownTo) Replicas() Replicas {
	k.mu.Lock()
	defer k.mu.Unlock()
	known := Replicas{Hidden: k.hidden, Left: k.left}
	for i := range k.replicas {
		if i != k.index {
			known.Addresses = append(known.Addresses, addressOf(i))
		}
	}
	return known
}

// RoundTrip implements http.RoundTripper: the replicas reach each other without a network.
func (k knownTo) RoundTrip(r *http.Request) (*http.Response, error) {
	for i, s := range k.replicas {
		if s != nil && addressOf(i).String() == r.URL.Host {
			recorder := httptest.NewRecorder()
			r.RemoteAddr = addressOf(k.index).String()
			s.Handler().ServeHTTP(recorder, r)
			return recorder.Result(), nil
		}
	}
	return nil, errors.New("no such replica")
}

// call sends a request of a pod to a replica, and decodes the answer unless it is an error.
func call[T any](t *testing.T, s *Server, pod, method, target string) (got T, status int) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for address, name := range pods {
		if name == pod {
			request.RemoteAddr = netip.AddrPortFrom(address, 40000).String()
		}
	}
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, request)
	if recorder.Code == http.StatusOK {
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s %s answers %q: %v", method, target, recorder.Body, err)
		}
	}
	return got, recorder.Code
}

// ask asks for a grant, and returns what is said about the Service.
func ask(t *testing.T, s *Server, pod string) service {
	t.Helper()
	got, status := call[me](t, s, pod, http.MethodGet, "/v1/me?session=1")
	if status != http.StatusOK || len(got.Services) != 1 || got.Pod != pod {
		t.Fatalf("%s is answered %d, %v", pod, status, got)
	}
	return got.Services[0]
}
