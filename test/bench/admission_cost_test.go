//go:build bench

package bench

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/config"
)

var calls = flag.Int("calls", 300, "how many deletions of each kind are timed, rounded up to blocks of 20")

const (
	// quietBefore is how long nothing happens before a deletion is timed, so that what the one before set off is over.
	quietBefore = 50 * time.Millisecond
	// block is how many of a kind are timed in a row.
	block = 20
	// warmUp is how many at the beginning of each block are not: whether the holder of the Lease goes first with a departure is
	// learned from the one before, and a switch between the kinds costs it a conflict that no cluster has at every deletion.
	warmUp = 3
)

// The kinds of deletions, in pairs: one without a call of admission and one with it, which are compared. What a hand-over costs the
// machine is in both of the latter two, and would be in the former two if all four took turns: kube-proxy is at work for more than a
// second after each.
const (
	plain = iota
	noLeader
	uncalled
	aLeader
	kinds
)

var kindNames = [kinds]string{
	"the pod leads nothing, no webhook (the namespace has not opted in)", "the pod leads nothing",
	"the pod leads a Service, no webhook (deleted by its node)", "the pod leads a Service",
}

// called reports whether admission is.
func called(kind int) bool { return kind == noLeader || kind == aLeader }

// TestAdmissionCost: what admission adds to a pod's DELETE. The kinds of a pair take turns, block by block. The pods are on nodes that
// there are not: a deletion marks them, as it does any pod that runs, with one call of admission, and nothing else works for the end of
// one or the start of the next. Their readiness is written by the test.
func TestAdmissionCost(t *testing.T) {
	b := costBench{installation: installation{t: t, client: dial(t)}}
	before := b.counts("tanist_departures_admitted_total", "outcome")
	var took [kinds][]time.Duration
	blocks := (*calls + block - 1) / block
	for pair := 0; pair < kinds; pair += 2 {
		b.setUp(pair)
		b.setUp(pair + 1)
		for turn := range 2 * blocks {
			kind := pair + turn%2
			for i := range warmUp + block {
				if d := b.measure(kind); i >= warmUp {
					took[kind] = append(took[kind], d)
				}
			}
		}
	}
	after := b.counts("tanist_departures_admitted_total", "outcome")
	fmt.Fprintf(t.Output(), "\n| pod DELETE | calls | p50 | p99 | p50 over no webhook | p99 over no webhook |\n| --- | --- | --- | --- | --- | --- |\n")
	for kind := range took {
		p50, p99 := rank(took[kind], 50), rank(took[kind], 99)
		over := "| | |"
		if called(kind) {
			over = fmt.Sprintf("| %s | %s |", inMs(p50-rank(took[kind-1], 50)), inMs(p99-rank(took[kind-1], 99)))
		}
		fmt.Fprintf(t.Output(), "| %s | %d | %s | %s %s\n", kindNames[kind], len(took[kind]), inMs(p50), inMs(p99), over)
	}
	for outcome, n := range after {
		if n -= before[outcome]; n > 0 {
			fmt.Fprintf(t.Output(), "admitted, %s: %v\n", outcome, n)
		}
	}
	for kind, outcome := range map[int]string{noLeader: "no_leader", aLeader: "prepared"} {
		want := float64(blocks * (warmUp + block)) // a conflict calls again
		if n := after[outcome] - before[outcome]; n < want || n > 1.02*want {
			t.Errorf("%s: admission has seen %v, want %v: what was measured is something else", kindNames[kind], n, want)
		}
	}
}

// costBench is one run.
type costBench struct {
	installation
	namespaces [kinds]string
	made       int
	// leaders are the names of the pods that lead.
	leaders [kinds]string
}

// leads reports whether it is a leader that is deleted.
func leads(kind int) bool { return kind == uncalled || kind == aLeader }

// setUp makes a kind's namespace and, where it takes one, the leader: no earlier than it is needed, for its node is not there.
func (b *costBench) setUp(kind int) {
	b.t.Helper()
	b.namespaces[kind] = b.namespace(kind != plain)
	if !leads(kind) {
		return
	}
	_, err := b.client.CoreV1().Services(b.namespaces[kind]).Create(b.t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
	}, metav1.CreateOptions{})
	b.must(err)
	b.pod(kind)
	b.leaders[kind] = b.led(b.namespaces[kind], "web-leader")
}

// measure deletes one pod and returns how long the request took.
func (b *costBench) measure(kind int) time.Duration {
	b.t.Helper()
	victim := b.pod(kind)
	if leads(kind) {
		victim, b.leaders[kind] = b.leaders[kind], victim
	}
	client := b.client
	if kind == uncalled {
		client = b.asNode(kind, victim)
	}
	b.must(pause(b.t.Context(), quietBefore))
	started := time.Now()
	err := client.CoreV1().Pods(b.namespaces[kind]).Delete(b.t.Context(), victim, metav1.DeleteOptions{})
	took := time.Since(started)
	b.must(err)
	if leads(kind) {
		b.led(b.namespaces[kind], "web-leader", victim)
	}
	// What a kubelet would do.
	b.must(b.client.CoreV1().Pods(b.namespaces[kind]).Delete(b.t.Context(), victim, *metav1.NewDeleteOptions(0)))
	return took
}

// asNode is a client with the identity of a pod's node, whose deletions are none that admission is called for.
func (b *costBench) asNode(kind int, pod string) kubernetes.Interface {
	b.t.Helper()
	found, err := b.client.CoreV1().Pods(b.namespaces[kind]).Get(b.t.Context(), pod, metav1.GetOptions{})
	b.must(err)
	return dial(b.t, func(c *rest.Config) {
		c.Impersonate = rest.ImpersonationConfig{UserName: "system:node:" + found.Spec.NodeName, Groups: []string{"system:nodes", "system:masters"}}
	})
}

// pod makes one that no kubelet knows and that is ready all the same.
func (b *costBench) pod(kind int) (name string) {
	b.t.Helper()
	labels := map[string]string{"app": "web"}
	if kind == noLeader {
		labels["app"] = "other"
	}
	b.made++
	created, err := b.client.CoreV1().Pods(b.namespaces[kind]).Create(b.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("web-%d", b.made), Labels: labels},
		Spec: corev1.PodSpec{
			// Each on another: the garbage collection of pods takes those of a node that it has missed for 40 seconds.
			NodeName:   fmt.Sprintf("nowhere-%d", b.made),
			Containers: []corev1.Container{{Name: "web", Image: "none"}},
		},
	}, metav1.CreateOptions{})
	b.must(err)
	b.makeReady(created.Namespace, created.Name, fmt.Sprintf("192.0.2.%d", b.made%250+1))
	return created.Name
}

// namespace makes one, and removes it with the test's end.
func (b *costBench) namespace(optedIn bool) (name string) {
	b.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-"}}
	if optedIn {
		namespace.Labels = map[string]string{config.EnabledKey: "true"}
	}
	created, err := b.client.CoreV1().Namespaces().Create(b.t.Context(), namespace, metav1.CreateOptions{})
	b.must(err)
	b.must(b.await("pods can be created", func(ctx context.Context) (bool, error) {
		_, err := b.client.CoreV1().ServiceAccounts(created.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, ignoreNotFound(err)
	}))
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(b.t.Context()), time.Minute)
		defer cancel()
		if err := b.client.CoreV1().Namespaces().Delete(ctx, created.Name, metav1.DeleteOptions{}); err != nil {
			b.t.Errorf("failed to remove namespace: %v", err)
		}
	})
	return created.Name
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// rank is the percentile by nearest rank: one of the values.
func rank(took []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[max((percent*len(sorted)+99)/100, 1)-1]
}

func inMs(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
