//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// tanist is an installation: a namespace, and the replicas that run in it.
type tanist struct {
	t         *testing.T
	namespace string
	// limited says that the replicas have another account, with rights in some namespaces only.
	limited bool
}

func newTanist(t *testing.T) *tanist {
	t.Helper()
	return newTanistFor(t)
}

// newTanistFor is newTanist for an installation that may watch some namespaces only; all without any.
func newTanistFor(t *testing.T, namespaces ...string) *tanist {
	t.Helper()
	namespace, err := clientset.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "tanist-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("failed to create namespace: %v", err)
	}
	// The chart creates it without data.
	if _, err := clientset.CoreV1().ConfigMaps(namespace.Name).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningState},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatalf("failed to create ConfigMap: %v", err)
	}
	i := &tanist{t: t, namespace: namespace.Name, limited: len(namespaces) > 0}
	i.grant(namespaces...)
	return i
}

// replica is a pod of the program.
type replica struct {
	t       *testing.T
	network *network
	port    int // of the webhooks; 0 without admission
	cancel  context.CancelFunc
	done    chan struct{}

	mu sync.Mutex
	// processes are those that have run, the last one being the one that runs.
	processes []*process
}

// process is one manager, with everything that the program runs.
type process struct {
	manager.Manager
	registry *prometheus.Registry
}

// start runs a replica until the test ends or it is stopped, and waits until its caches are synced.
func (i *tanist) start() *replica {
	i.t.Helper()
	return i.startWith(app.Options{})
}

// startWith is start with further options.
func (i *tanist) startWith(options app.Options) *replica {
	i.t.Helper()
	return i.startBehind(&network{}, options)
}

// startBehind is startWith with a network that the test has prepared before the first request.
func (i *tanist) startBehind(n *network, options app.Options) *replica {
	i.t.Helper()
	options.Namespace, options.LeaderElect = i.namespace, true
	if options.MetricsAddress == "" {
		options.MetricsAddress = "0"
	}
	if options.HealthAddress == "" {
		options.HealthAddress = env.UnusedAddress()
	}
	// The test's context is cancelled before the clean-up, which stops replicas in order.
	ctx, cancel := context.WithCancel(context.WithoutCancel(i.t.Context()))
	r := &replica{t: i.t, network: n, port: options.WebhookPort, cancel: cancel, done: make(chan struct{})}
	api := rest.CopyConfig(cluster)
	api.Impersonate = i.account()
	if !n.direct {
		api.Wrap(n.wrap)
	}
	if n.through != nil {
		api.Host = n.through.url()
		api.Dial = (&net.Dialer{}).DialContext // so that it shares no transport with the tests
	}
	first, err := r.newProcess(ctx, api, options)
	if err != nil {
		i.t.Fatalf("failed to make replica: %v", err)
	}
	go func() {
		defer close(r.done)
		if err := r.runUntilStopped(ctx, first, func() (*process, error) {
			// The one before ends without waiting for what it has begun to end.
			awaitUnused(i.t, options.HealthAddress, fmt.Sprintf(":%d", options.WebhookPort))
			return r.newProcess(ctx, api, options)
		}); err != nil && !r.network.isCut() {
			i.t.Errorf("replica ended: %v", err)
		}
	}()
	i.t.Cleanup(r.stop)
	if !first.GetCache().WaitForCacheSync(ctx) {
		i.t.Fatal("caches did not sync")
	}
	r.knowsNamespaces(options.HealthAddress)
	return r
}

// newProcess makes a process, and does not run it.
func (r *replica) newProcess(ctx context.Context, api *rest.Config, options app.Options) (*process, error) {
	registry := prometheus.NewRegistry()
	mgr, err := app.New(ctx, api, options, app.Telemetry{Registerer: registry, Log: ctrl.Log, Tracer: tracer})
	if err != nil {
		return nil, err
	}
	next := &process{mgr, registry}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes = append(r.processes, next)
	return next, nil
}

// runUntilStopped runs a process. One that ends because it could not renew its Lease in time is followed by another one, as a container is
// restarted: on a busy machine that may happen in any test.
func (r *replica) runUntilStopped(ctx context.Context, current *process, next func() (*process, error)) error {
	for {
		err := current.Start(ctx)
		if err == nil || ctx.Err() != nil || r.network.isCut() || err.Error() != "leader election lost" {
			return err
		}
		r.t.Log("a replica could not renew its Lease, and is restarted")
		if current, err = next(); err != nil {
			return err
		}
	}
}

// awaitUnused waits until nobody listens on the addresses.
func awaitUnused(t *testing.T, addresses ...string) {
	t.Helper()
	for _, address := range addresses {
		if err := wait.PollUntilContextTimeout(context.WithoutCancel(t.Context()), 10*time.Millisecond, waitTimeout, true, func(ctx context.Context) (bool, error) {
			listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
			return err == nil && listener.Close() == nil, nil
		}); err != nil {
			t.Errorf("somebody listens on %s: %v", address, err)
		}
	}
}

// allProcesses returns the processes that have run. The last one runs.
func (r *replica) allProcesses() []*process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.processes)
}

// elected is closed when the replica holds the Lease.
func (r *replica) elected() <-chan struct{} {
	all := r.allProcesses()
	return all[len(all)-1].Elected()
}

// knowsNamespaces waits until the replica has synced the namespaces that had opted in when it started.
func (r *replica) knowsNamespaces(health string) {
	r.t.Helper()
	last := "no answer"
	if err := wait.PollUntilContextTimeout(r.t.Context(), 10*time.Millisecond, waitTimeout, true, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+health+"/readyz/namespaces", nil)
		if err != nil {
			return false, err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			last = err.Error()
			return false, nil
		}
		defer answer.Body.Close()
		last = answer.Status
		return answer.StatusCode == http.StatusOK, nil
	}); err != nil {
		r.t.Fatalf("the namespaces are not synced: %v: %s", err, last)
	}
}

// startElected runs a replica and waits until it holds the Lease.
func (i *tanist) startElected() *replica {
	i.t.Helper()
	r := i.start()
	r.waitElected()
	return r
}

func (r *replica) waitElected() {
	r.t.Helper()
	select {
	case <-r.elected():
	case <-time.After(waitTimeout):
		r.t.Fatal("no replica was elected")
	}
}

func (r *replica) holdsLease() bool {
	select {
	case <-r.elected():
		return true
	default:
		return false
	}
}

// stop ends the replica as SIGTERM does, and waits for it. It does not wait for one that is cut off, which goes on trying to send its last
// Events.
func (r *replica) stop() {
	r.cancel()
	if !r.network.isCut() {
		<-r.done
	}
}

// die cuts the replica off, as the loss of its node does. Its Lease stays until it expires.
func (r *replica) die() {
	r.network.cut()
}

// staysBackup keeps a replica from ever holding the Lease, however long the test takes. Call it while another replica holds the Lease.
func (r *replica) staysBackup() *replica {
	tap := func(request *http.Request) (refused bool) {
		return request.Method != http.MethodGet && strings.Contains(request.URL.Path, "/leases")
	}
	r.network.tap.Store(&tap)
	return r
}

// gather returns the metrics of all processes, and of those that have ended no gauges.
func (r *replica) gather() (all []*dto.MetricFamily) {
	r.t.Helper()
	processes := r.allProcesses()
	for i, one := range processes {
		families, err := one.registry.Gather()
		if err != nil {
			r.t.Fatalf("failed to gather metrics: %v", err)
		}
		for _, family := range families {
			if i == len(processes)-1 || family.GetType() != dto.MetricType_GAUGE {
				all = append(all, family)
			}
		}
	}
	return all
}

// counter returns the sum of a metric's series with these labels in this replica.
func (r *replica) counter(name string, labels ...string) float64 {
	r.t.Helper()
	sum := 0.0
	for _, family := range r.gather() {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			matches := 0
			for _, label := range metric.GetLabel() {
				if slices.Contains(labels, label.GetName()+"="+label.GetValue()) {
					matches++
				}
			}
			if matches == len(labels) {
				sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// samples returns the samples of a metric that are not zero, for a message.
func (r *replica) samples(name string) string {
	r.t.Helper()
	var found []string
	for _, family := range r.gather() {
		if family.GetName() == name {
			for _, metric := range family.GetMetric() {
				if metric.GetCounter().GetValue() != 0 || metric.GetGauge().GetValue() != 0 {
					found = append(found, metric.String())
				}
			}
		}
	}
	return strings.Join(found, "; ")
}

// counts waits until a metric has a value: a replica counts a moment after it has written.
func (r *replica) counts(want float64, name string, labels ...string) {
	r.t.Helper()
	history.eventually(r.t, func() string {
		if got := r.counter(name, labels...); got != want {
			return fmt.Sprintf("%s of %v, got %v of %s", name, want, got, r.samples(name))
		}
		return ""
	})
}
