package watch

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

// app is a pod's process, and what it was asked.
type app struct {
	*httptest.Server
	asked atomic.Int64
	// unready is whether it answers that it is not ready.
	unready atomic.Bool
	// gate is locked while it waits with its answers.
	gate sync.RWMutex
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{}
	a.Server = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		a.gate.RLock()
		defer a.gate.RUnlock()
		if a.unready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return a
}

// hang stops all answers until the function that it returns is called.
func (a *app) hang() (goOn func()) {
	a.gate.Lock()
	return sync.OnceFunc(a.gate.Unlock)
}

// watched starts a Watcher of a Service whose leader and candidate are two processes, and waits until it has heard the leader.
func watched(t *testing.T, leader, candidate *app, change func(*observe.Service)) (*Watcher, *changes) {
	t.Helper()
	w, reported := newWatcher(t, &cluster{})
	s := observe.Service{
		Leader:     &observe.Pod{UID: "leader", Probe: probeOf(leader.Server)},
		Candidates: []observe.Pod{{UID: "candidate", Probe: probeOf(candidate.Server)}}, LossAfter: time.Second, ProbePods: true,
	}
	change(&s)
	w.Set(key("web"), s)
	start(t, w)
	asked := leader.asked.Load()
	eventually(t, "the leader is asked", func() bool { return leader.asked.Load() >= asked+4 })
	return w, reported
}

func verdictIs(w *Watcher, want observe.Verdict) func() bool {
	return func() bool { return w.Verdict(key("web"), "leader") == want }
}

func candidateHeard(w *Watcher) func() bool {
	return func() bool { return w.Heard(key("web"), "candidate") }
}

func TestACrashIsNoticed(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	w, reported := watched(t, leader, candidate, func(*observe.Service) {})
	leader.Close()
	eventually(t, "the leader is believed to have crashed", verdictIs(w, observe.LeaderCrashed))
	eventually(t, "the candidate is heard", candidateHeard(w))
	eventually(t, "the Service is reported", func() bool { return reported.count() > 0 })
	if d := w.HeardFor(key("web"), "leader"); d != 0 {
		t.Errorf("a crashed leader has been heard for %s", d)
	}
}

func TestAHangIsNoticedAndItsEnd(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	freezeAfter := 700 * time.Millisecond
	w, reported := watched(t, leader, candidate, func(s *observe.Service) { s.FreezeAfter = &freezeAfter })
	goOn := leader.hang()
	defer goOn()
	eventually(t, "the leader is believed to hang", verdictIs(w, observe.LeaderFrozen))
	eventually(t, "the candidate is heard", candidateHeard(w))
	eventually(t, "the Service is reported", func() bool { return reported.count() > 0 })
	goOn()
	eventually(t, "the leader is believed to answer again", verdictIs(w, observe.NotLost))
	eventually(t, "the leader is heard again", func() bool { return w.HeardFor(key("web"), "leader") > 0 })
}

func TestAReplicaAsksALeaderOutOfSightWhetherItIsReady(t *testing.T) {
	leader := newApp(t)
	in := &cluster{replicas: []observe.Replica{{Name: "tanist-1"}, {Name: "tanist-2"}}}
	w, _ := newWatcher(t, in)
	uid := types.UID("leader")
	for (surroundings{self: "tanist-1", replicas: []string{"tanist-1", "tanist-2"}}).falls(uid) {
		uid += "x" // the leader falls to the other replica
	}
	s := observe.Service{Leader: &observe.Pod{UID: uid, Probe: probeOf(leader.Server)}, ProbePods: true}
	says := func() bool { return w.SaysReady(key("web"), uid) }
	if !says() {
		t.Error("the leader counts as not ready before this replica knows of it")
	}
	w.Set(key("web"), s)
	start(t, w)
	eventually(t, "targets are chosen", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return !w.outdated })
	if leader.asked.Load() > 0 {
		t.Fatal("the leader is asked before it is out of sight")
	}
	s.LeaderOutOfSight = true
	w.Set(key("web"), s)
	asked := func() bool { w.mu.Lock(); defer w.mu.Unlock(); p := w.pods[uid]; return p != nil && p.readyAt >= 0 }
	eventually(t, "the leader says that it is ready", func() bool { return asked() && says() })
	leader.unready.Store(true)
	eventually(t, "the leader says that it is not", func() bool { return !says() })
	leader.unready.Store(false)
	eventually(t, "the leader says that it is ready again", says)
	goOn := leader.hang()
	defer goOn()
	eventually(t, "the leader says nothing", func() bool { return !says() })

	s.Leader = &observe.Pod{UID: uid}
	w.Set(key("unasked"), s)
	if w.SaysReady(key("unasked"), uid) {
		t.Error("a leader that cannot be asked says that it is ready")
	}
}

func TestAHangIsNotLookedForIfItIsSwitchedOff(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	never, patience := time.Duration(0), time.Second
	w, _ := watched(t, leader, candidate, func(s *observe.Service) {
		s.FreezeAfter, s.Leader.Probe.Timeout, s.Leader.Probe.FailureThreshold = &never, patience, 1
	})
	goOn := leader.hang()
	defer goOn()
	eventually(t, "the candidate is asked because the leader is silent", candidateHeard(w))
	eventually(t, "the leader has been silent for longer than its probe tolerates", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		p := w.pods["leader"]
		return p.silentFrom >= 0 && w.clock.Now()-p.silentFrom > patience+patience/2
	})
	if got := w.Verdict(key("web"), "leader"); got != observe.NotLost {
		t.Errorf("the leader is believed to be lost: %s", got)
	}
}

// A server that closes its connections again and again, but not its listener, has not crashed.
func TestAServerThatClosesConnectionsHasNotCrashed(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	w, reported := watched(t, leader, candidate, func(*observe.Service) {})
	for range 5 {
		leader.CloseClientConnections()
		asked := leader.asked.Load()
		eventually(t, "the leader is asked again", func() bool { return leader.asked.Load() > asked+1 })
		if got := w.Verdict(key("web"), "leader"); got != observe.NotLost {
			t.Fatalf("the leader is believed to be lost: %s", got)
		}
	}
	if n := reported.count(); n > 0 {
		t.Errorf("the leader was believed to be lost meanwhile: the Service was reported %d times", n)
	}
}

// The queue of connections of a leader that hangs may be full for a while, and one packet may be lost.
func TestASecondConnectionIsTriedUntilItStands(t *testing.T) {
	w, _ := newWatcher(t, &cluster{})
	first := newApp(t)
	second, accept := fullPort(t)
	goOn := first.hang()
	defer goOn()
	p := &pod{heardSince: 0, silentFrom: -1, replies: 3}
	conn, err := probe.Dial(t.Context(), *probeOf(first.Server))
	if err != nil {
		t.Fatal(err)
	}
	how := *probeOf(first.Server)
	how.Address = second
	q := &question{w: w, p: p, how: how, answers: make(chan answer, 2)}
	defer q.close()
	q.send(t.Context(), conn, func(r *request) { p.first = r })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan answer)
	go func() { got <- q.wait(ctx) }()
	eventually(t, "an attempt has failed", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return p.heardSince < 0
	})
	accept()
	eventually(t, "a second connection stands", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return p.second != nil
	})
	goOn()
	if a := <-got; a.err != nil || a.conn != conn {
		t.Errorf("the answer is %v, want that of the first connection", a.err)
	}
}

func TestPodsAreNotAskedIfTheUserForbidsIt(t *testing.T) {
	leader, other := newApp(t), newApp(t)
	w, _ := newWatcher(t, &cluster{})
	service := func(pod *app, probes bool) observe.Service {
		return observe.Service{Leader: &observe.Pod{UID: types.UID(pod.URL), Probe: probeOf(pod.Server)}, ProbePods: probes}
	}
	w.Set(key("private"), service(leader, false))
	w.Set(key("web"), service(other, true))
	start(t, w)
	eventually(t, "the other leader is asked", func() bool { return other.asked.Load() > 3 })
	if n := leader.asked.Load(); n > 0 {
		t.Errorf("the leader was asked %d times", n)
	}
}

func TestAPodThatLeadsNoMoreIsNotAskedAnyMore(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	w, _ := watched(t, leader, candidate, func(*observe.Service) {})
	w.Forget(key("web"))
	eventually(t, "no pod is watched", func() bool { return w.watchedProcesses() == 0 })
}

// A verdict about a hang holds until the pod is heard: the connections that show it are given up after a while.
func TestAHangLastsUntilThePodAnswers(t *testing.T) {
	w, _ := newWatcher(t, &cluster{})
	p := &pod{hangs: true, silentFrom: 0, heardSince: -1}
	look := func(d time.Duration) {
		for at := w.clock.Now(); w.clock.Now() < at+d; {
			w.clock.Advance(time.Now().Add(w.clock.Now() + observe.Tick))
		}
	}
	look(3 * time.Second)
	if !w.frozen(p, time.Second) || !w.frozen(p, 2*time.Second) || w.frozen(p, time.Minute) || w.frozen(p, 0) {
		t.Error("a pod that hangs for 3s must be lost for Services that wait for up to that, and for no others")
	}
	w.podHeard(p, true)
	if w.frozen(p, time.Second) {
		t.Error("the pod is still believed to hang although it has answered")
	}
}

// A server that answers nobody is not asked more often than others.
func TestAServerThatHangsUpIsLeftAlone(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var accepted atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = conn.Close()
		}
	}()
	how := observe.Probe{Kind: observe.ProbeHTTP, Address: netip.MustParseAddrPort(listener.Addr().String()), Path: "/"}
	w, _ := newWatcher(t, &cluster{})
	never := &pod{heardSince: -1, silentFrom: -1}
	w.lookForCrash(t.Context(), never, how, true)
	if n := accepted.Load(); n > 0 {
		t.Errorf("a pod that never answered was connected to %d times to see whether it has crashed", n)
	}
	once := &pod{heardSince: -1, silentFrom: -1, replies: 1}
	w.lookForCrash(t.Context(), once, how, true)
	if n := accepted.Load(); n == 0 || n > crashHangups+1 || once.crashed {
		t.Errorf("a pod that hangs up was connected to %d times, want at most %d; crashed: %t", n, crashHangups+1, once.crashed)
	}
}
