//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
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

// replica is one manager, with everything that the program runs.
type replica struct {
	t        *testing.T
	registry *prometheus.Registry
	elected  <-chan struct{}
	network  *network
	port     int // of the webhooks; 0 without admission
	cancel   context.CancelFunc
	done     chan struct{}
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
		options.HealthAddress = fmt.Sprintf("127.0.0.1:%d", unusedPort())
	}
	// The test's context is cancelled before the clean-up, which stops replicas in order.
	ctx, cancel := context.WithCancel(context.WithoutCancel(i.t.Context()))
	r := &replica{t: i.t, registry: prometheus.NewRegistry(), network: n, port: options.WebhookPort, cancel: cancel, done: make(chan struct{})}
	api := rest.CopyConfig(cluster)
	api.Impersonate = i.account()
	if !n.direct {
		api.Wrap(n.wrap)
	}
	mgr, err := app.New(ctx, api, options, app.Telemetry{Registerer: r.registry, Log: ctrl.Log, Tracer: tracer})
	if err != nil {
		i.t.Fatalf("failed to make replica: %v", err)
	}
	r.elected = mgr.Elected()
	go func() {
		defer close(r.done)
		if err := mgr.Start(ctx); err != nil && !r.network.isCut() {
			i.t.Errorf("replica ended: %v", err)
		}
	}()
	i.t.Cleanup(r.stop)
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		i.t.Fatal("caches did not sync")
	}
	r.knowsNamespaces(options.HealthAddress)
	return r
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
	case <-r.elected:
	case <-time.After(waitTimeout):
		r.t.Fatal("no replica was elected")
	}
}

func (r *replica) holdsLease() bool {
	select {
	case <-r.elected:
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

// counter returns the sum of a metric's series with these labels in this replica.
func (r *replica) counter(name string, labels ...string) float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatalf("failed to gather metrics: %v", err)
	}
	sum := 0.0
	for _, family := range families {
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

// counts waits until a metric has a value: a replica counts a moment after it has written.
func (r *replica) counts(want float64, name string, labels ...string) {
	r.t.Helper()
	history.eventually(r.t, func() string {
		if got := r.counter(name, labels...); got != want {
			return fmt.Sprintf("%s of %v, got %v", name, want, got)
		}
		return ""
	})
}
