//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/install"
)

// chart is what all tests of admission share: the chart's objects except the webhook configurations, and certificates that cert-manager has
// issued. The first of these tests installs it, which takes seconds.
type chart struct {
	once    sync.Once
	err     error
	objects []*unstructured.Unstructured
	api     client.Client
	mount   *mount
	// ends are called after all tests, the last one first.
	ends []func() error
}

var theChart chart

// install installs the chart, once.
func (c *chart) install(ctx context.Context) error {
	c.once.Do(func() { c.err = c.bringUp(context.WithoutCancel(ctx)) })
	return c.err
}

func (c *chart) bringUp(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	c.ends = append(c.ends, func() error { cancel(); return nil })
	folder, err := os.MkdirTemp("", "tanist-")
	if err != nil {
		return err
	}
	c.ends = append(c.ends, func() error { return os.RemoveAll(folder) })
	if c.objects, err = rendered(); err != nil {
		return err
	}
	if c.api, err = client.New(cluster, client.Options{}); err != nil {
		return err
	}
	stop, err := startCertManager(ctx, folder, env.UnusedAddress())
	if err != nil {
		return err
	}
	c.ends = append(c.ends, stop)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: release}}
	if _, err := clientset.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	serving := filepath.Join(folder, "serving")
	if err := os.Mkdir(serving, 0o700); err != nil {
		return err
	}
	if c.mount, err = mountSecret(ctx, serving, "tanist-serving"); err != nil {
		return err
	}
	for _, object := range c.objects {
		if install.IsWebhookConfiguration(object) {
			continue
		}
		if err := errors.Join(install.Reachable(object), c.apply(ctx, object)); err != nil {
			return err
		}
	}
	select {
	case <-c.mount.written:
		return nil
	case <-time.After(2 * waitTimeout):
		return errors.New("no serving certificate is issued")
	}
}

// apply applies an object as Helm does.
func (c *chart) apply(ctx context.Context, object *unstructured.Unstructured) error {
	return install.Apply(ctx, c.api, object)
}

// end removes what does not end with the API server.
func (c *chart) end() error {
	var errs []error
	for len(c.ends) > 0 {
		last := len(c.ends) - 1
		errs = append(errs, c.ends[last]())
		c.ends = c.ends[:last]
	}
	return errors.Join(errs...)
}

// installed is Tanist as the chart installs it, for one test: with webhooks, and with replicas that have the rights of the chart's
// ServiceAccount.
type installed struct {
	*tanist
	// probe is the namespace with which the tests find out whether the API server calls the webhooks yet.
	probe *testNamespace
	// since is a revision before all that the replicas do.
	since int64
}

func newInstalled(t *testing.T) *installed {
	t.Helper()
	if err := theChart.install(t.Context()); err != nil {
		t.Fatalf("failed to install the chart: %v", err)
	}
	i := &installed{tanist: &tanist{t: t, namespace: release}}
	t.Cleanup(i.uninstall)
	i.probe = newNamespace(t)
	i.since = revisionOf(t, i.probe.withPod("probe", "probe"))
	i.probe.withService("probe")
	return i
}

// removeWebhooks deletes both configurations.
func (i *installed) removeWebhooks(ctx context.Context) {
	for _, object := range theChart.objects {
		if !install.IsWebhookConfiguration(object) {
			continue
		}
		if err := client.IgnoreNotFound(theChart.api.Delete(ctx, object.DeepCopy())); err != nil {
			i.t.Errorf("failed to delete %s: %v", object.GetKind(), err)
		}
	}
}

// uninstall deletes the webhooks, and restores the tuning: the chart has none by default.
func (i *installed) uninstall() {
	ctx := context.WithoutCancel(i.t.Context())
	i.removeWebhooks(ctx)
	if _, err := clientset.CoreV1().ConfigMaps(release).Patch(ctx, config.TuningConfigMap, types.MergePatchType,
		[]byte(`{"data":null}`), metav1.PatchOptions{}); err != nil {
		i.t.Errorf("failed to restore the tuning: %v", err)
	}
	if err := theChart.mount.failed(); err != nil {
		i.t.Errorf("the certificate is not mounted: %v", err)
	}
}

// admitting makes an installation with one replica, which holds the Lease and is called by the API server.
func admitting(t *testing.T) (*installed, *replica) {
	t.Helper()
	i := newInstalled(t)
	r := i.serve()
	i.call(r)
	r.waitElected()
	return i, r
}

// serve runs a replica with admission. The API server does not call it yet.
func (i *installed) serve() *replica {
	i.t.Helper()
	return i.startWith(app.Options{
		WebhookPort: env.UnusedPort(), CertDir: theChart.mount.folder, WebhookConfiguration: configurations,
	})
}

// call configures the webhooks to call a replica, and waits until the API server does.
func (i *installed) call(r *replica) {
	i.t.Helper()
	i.configure(r.port, patiently(i.t))
	i.awaitCalls(r)
}

// awaitCalls waits until the API server trusts a replica that the webhooks are configured to call, and calls it.
func (i *installed) awaitCalls(r *replica) {
	i.t.Helper()
	for _, webhook := range append(append([]string{}, validatingWebhooks...), mutatingWebhooks...) {
		r.counts(1, "tanist_webhook_trusted", "webhook="+webhook)
	}
	history.eventually(i.t, func() string {
		before := r.counter("tanist_departures_admitted_total", "outcome=dry_run")
		i.probe.tryDelete("probe")
		if r.counter("tanist_departures_admitted_total", "outcome=dry_run") == before {
			return "a call of the validating webhooks"
		}
		if pod := i.probe.tryCreate("probe"); pod.Annotations[config.DrainWindowAppliedKey] == "" {
			return "a call of the mutating webhook"
		}
		return ""
	})
}

// settled waits until the replicas together have counted all hand-overs: they count a moment after the write.
func (i *installed) settled(replicas ...*replica) {
	i.t.Helper()
	history.eventually(i.t, func() string {
		counted, moved := 0.0, history.moves(i.since)
		for _, r := range replicas {
			counted += r.counter("tanist_handovers_total")
		}
		if counted != float64(moved) {
			return fmt.Sprintf("%d hand-overs to be counted, got %v", moved, counted)
		}
		return ""
	})
}

// moves returns the number of changes of leader after a revision.
func (r *recorder) moves(since int64) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	terms := map[string]string{}
	for _, v := range r.versions {
		slice, ok := v.object.(*discoveryv1.EndpointSlice)
		if !ok || v.gone {
			continue
		}
		// A slice that is created again has a new term, but its leader has led since the same time.
		term := slice.Annotations[config.TermKey]
		if since := slice.Annotations[config.LeaderSinceKey]; since != "" {
			term = since
		}
		// A new slice without a leader has a term, too, and is no hand-over.
		begins := terms[v.key] == "" && slice.Annotations[config.LeaderKey] == ""
		if v.revision > since && term != terms[v.key] && term != "" && !begins {
			n++
		}
		terms[v.key] = term
	}
	return n
}

// configure applies the webhook configurations, with a port to call and possibly changed.
func (i *installed) configure(port int, change ...func(*unstructured.Unstructured)) {
	i.t.Helper()
	for _, object := range theChart.objects {
		if !install.IsWebhookConfiguration(object) {
			continue
		}
		configuration := calledAt(i.t, object, port)
		for _, change := range change {
			change(configuration)
		}
		if err := theChart.apply(i.t.Context(), configuration); err != nil {
			i.t.Fatal(err)
		}
	}
}

// tryDelete makes a dry run of a pod's deletion.
func (s *testNamespace) tryDelete(name string) {
	s.t.Helper()
	if err := clientset.CoreV1().Pods(s.namespace).Delete(
		s.t.Context(), name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		s.t.Fatalf("failed to try a deletion: %v", err)
	}
}

// tryCreate makes a dry run of a pod's creation.
func (s *testNamespace) tryCreate(app string, change ...func(*corev1.Pod)) *corev1.Pod {
	s.t.Helper()
	pod, err := clientset.CoreV1().Pods(s.namespace).Create(s.t.Context(), s.podOf(app, "tried", change...),
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		s.t.Fatalf("failed to try to create a pod: %v", err)
	}
	return pod
}

// admissions returns a check of the outcomes of all departures that a replica is asked about from now on. On a busy machine a replica may
// answer before it has prepared a departure, so one that timed out counts as any outcome that is wanted.
func (r *replica) admissions() func(want map[string]float64) {
	const name = "tanist_departures_admitted_total"
	outcomes := []string{"prepared", "nobody_follows", "no_leader", "dry_run", "failed"}
	before := map[string]float64{}
	for _, outcome := range append(outcomes, "timed_out") {
		before[outcome] = r.counter(name, "outcome="+outcome)
	}
	return func(want map[string]float64) {
		r.t.Helper()
		late := r.counter(name, "outcome=timed_out") - before["timed_out"]
		for _, outcome := range outcomes {
			got := r.counter(name, "outcome="+outcome) - before[outcome]
			if short := want[outcome] - got; 0 < short && short <= late {
				r.t.Logf("%v admissions timed out instead of %s", short, outcome)
				late -= short
				got = want[outcome]
			}
			if got != want[outcome] {
				r.t.Errorf("%v admissions with outcome %s, want %v", got, outcome, want[outcome])
			}
		}
		if late != 0 {
			r.t.Errorf("%v admissions timed out, want none", late)
		}
	}
}
