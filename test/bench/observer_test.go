//go:build bench

package bench

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
	"github.com/tanist-dev/tanist/observe/watch"
)

var (
	leaders  = flag.Int("leaders", 10_000, "how many Services have a leader that is observed")
	kubelets = flag.Int("kubelets", 1000, "how many nodes these are on")
	replicas = flag.Int("replicas", 2, "how many replicas share the leaders' processes")
	observed = flag.Duration("observe", time.Minute, "how long to measure")
	lost     = flag.Int("lost", 0, "how many nodes are lost at once after that")
)

// targetsVariable makes this program serve kubelets and pods, in a process of its own, whose CPU time does not count.
const targetsVariable = "TANIST_BENCH_TARGETS"

// TestObserver measures what a replica's observer costs while nothing happens: the CPU time and the memory of this process, which runs
// nothing else. Nodes and pods are sockets of another process, at addresses of the loopback network. Then some nodes are lost at once, and
// it measures how long that goes unnoticed.
func TestObserver(t *testing.T) {
	if os.Getenv(targetsVariable) != "" {
		serveTargets(t)
		return
	}
	kubelet, app := startTargets(t)
	all := &nodesOfBench{}
	for i := range *kubelets {
		all.nodes = append(all.nodes, observe.Node{Name: nodeName(i), Zone: fmt.Sprint(i % 3), Kubelet: netip.AddrPortFrom(nodeAddress(i), kubelet)})
	}
	for i := range *replicas {
		all.replicas = append(all.replicas, observe.Replica{Name: fmt.Sprintf("tanist-%d", i), Address: netip.MustParseAddrPort("127.0.0.1:1")})
	}
	noticed := &notices{}
	w := newObserver(t, all, noticed.add)
	idle := usage(t)
	for i := range *leaders {
		node := i % *kubelets
		pod := func(name string, node int) observe.Pod {
			return observe.Pod{UID: types.UID(name), Name: name, Node: nodeName(node), Probe: &observe.Probe{
				Kind: observe.ProbeHTTP, Address: netip.AddrPortFrom(nodeAddress(node), app), Path: "/healthz", Timeout: time.Second, FailureThreshold: 3,
			}}
		}
		leader := pod(fmt.Sprintf("leader-%d", i), node)
		w.Set(types.NamespacedName{Namespace: "bench", Name: fmt.Sprint(i)}, observe.Service{
			Leader: &leader, Candidates: []observe.Pod{pod(fmt.Sprintf("next-%d", i), (node+1)%*kubelets)}, LossAfter: 1100 * time.Millisecond, ProbePods: true,
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Start(ctx) }()
	if err := pause(ctx, *observed/2); err != nil { // until all connections are there
		t.Fatal(err)
	}
	before := usage(t)
	began := time.Now()
	if err := pause(ctx, *observed); err != nil {
		t.Fatal(err)
	}
	after := usage(t)
	fmt.Fprintf(t.Output(), "leaders %d, nodes %d, replicas %d: CPU %.3f of a core, memory %d MB (%d MB without), packets %.0f a second\n",
		*leaders, *kubelets, *replicas, (after.cpu-before.cpu).Seconds()/time.Since(began).Seconds(), after.memory>>20, idle.memory>>20,
		float64(after.packets-before.packets)/time.Since(began).Seconds())
	if *lost > 0 {
		reportLosses(t, w, noticed)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func newObserver(t *testing.T, all *nodesOfBench, changed func(types.NamespacedName)) *watch.Watcher {
	t.Helper()
	api := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(api.Close)
	connections, err := peer.NewConnections(&rest.Config{Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	live, err := connections.NewLiveChecker()
	if err != nil {
		t.Fatal(err)
	}
	w, err := watch.New(watch.Options{
		Self: "tanist-0", Cluster: all, Tuning: config.NewStore(), Peers: peer.NewPeers(), API: live, Beacon: &peer.Beacon{Pod: "tanist-0"},
		Changed: changed, Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// used is what this process has used. packets are those of the loopback network, which carries nothing else of weight: each counts once, for
// both directions together.
type used struct {
	cpu     time.Duration
	memory  int64
	packets int64
}

func usage(t *testing.T) (u used) {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	u.memory = field(t, "/proc/self/status", "VmRSS:", 0) << 10
	u.packets = field(t, "/proc/net/dev", "lo:", 1)
	return u
}

// field returns a number of the line of a file that begins with a word.
func field(t *testing.T, file, word string, column int) (number int64) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); len(fields) > column+1 && fields[0] == word {
			if _, err := fmt.Sscan(fields[column+1], &number); err != nil {
				t.Fatal(err)
			}
		}
	}
	return number
}

// nodesOfBench is a cluster that does not change.
type nodesOfBench struct {
	nodes    []observe.Node
	replicas []observe.Replica
}

func (c *nodesOfBench) ObservedNodes() []observe.Node { return c.nodes }

func (c *nodesOfBench) Replicas() []observe.Replica { return c.replicas }

func (c *nodesOfBench) ObservedNode(name string) (observe.Node, bool) {
	var i int
	if _, err := fmt.Sscanf(name, "node-%d", &i); err != nil || i >= len(c.nodes) {
		return observe.Node{}, false
	}
	return c.nodes[i], true
}

func nodeName(i int) string { return fmt.Sprintf("node-%d", i) }

func nodeAddress(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 1, byte(i / 250), byte(i%250 + 1)})
}

// startTargets starts the process that serves kubelets and pods, and returns their ports.
func startTargets(t *testing.T) (kubelet, app uint16) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestObserver$")
	cmd.Env = append(os.Environ(), targetsVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	if _, err := fmt.Fscanf(out, "%d %d\n", &kubelet, &app); err != nil {
		t.Fatal(err)
	}
	return kubelet, app
}

// serveTargets serves kubelets and pods at every address of the loopback network until it is killed.
func serveTargets(t *testing.T) {
	t.Helper()
	serve := func(handler http.Handler, start func(*httptest.Server)) int {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		start(&httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}})
		return listener.Addr().(*net.TCPAddr).Port
	}
	kubelet := serve(http.NotFoundHandler(), (*httptest.Server).StartTLS)
	app := serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), (*httptest.Server).Start)
	fmt.Printf("%d %d\n", kubelet, app)
	<-t.Context().Done()
	select {}
}
