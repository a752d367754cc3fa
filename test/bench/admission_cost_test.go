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
	// quietBefore is how long nothing happens before a deletion is timed, so that all consequences of the one before are over.
	quietBefore = 50 * time.Millisecond
	// block is how many deletions of a kind are timed in a row.
	block = 20
	// warmUp is how many deletions at the beginning of each block are not timed. Whether the holder of the Lease goes first with a departure
	// is learned from the one before, so a switch between the kinds costs a conflict, which no cluster has at every deletion.
	warmUp = 3
)

// The kinds of deletions, in pairs to compare: one without a call of admission and one with it. Both kinds of the second pair include what
// a hand-over costs the machine. kube-proxy works for more than a second after each, so the first pair would include it, too, if all four
// took turns.
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

// called reports whether the API server calls admission.
func called(kind int) bool { return kind == noLeader || kind == aLeader }

// TestAdmissionCost measures what admission adds to a pod's DELETE. The kinds of a pair take turns, block by block. The pods are on nodes
// that do not exist. A deletion marks them, as it does any pod that runs, with one call of admission, and nothing works on the end of one pod
// or the start of the next. The test writes their readiness.
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

// leads reports whether the deleted pod leads.
func leads(kind int) bool { return kind == uncalled || kind == aLeader }

// setUp creates a kind's namespace and, if needed, the leader, no earlier than that because its node does not exist.
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
	// This is what a kubelet does.
	b.must(b.client.CoreV1().Pods(b.namespaces[kind]).Delete(b.t.Context(), victim, *metav1.NewDeleteOptions(0)))
	return took
}

// asNode is a client with the identity of a pod's node. The API server does not call admission for a node's deletions.
func (b *costBench) asNode(kind int, pod string) kubernetes.Interface {
	b.t.Helper()
	found, err := b.client.CoreV1().Pods(b.namespaces[kind]).Get(b.t.Context(), pod, metav1.GetOptions{})
	b.must(err)
	return dial(b.t, func(c *rest.Config) {
		c.Impersonate = rest.ImpersonationConfig{UserName: "system:node:" + found.Spec.NodeName, Groups: []string{"system:nodes", "system:masters"}}
	})
}

// pod creates a pod that is ready, although no kubelet knows it.
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
			// Each pod is on another node: the garbage collection of pods deletes those of a node that has been missing for 40 seconds.
			NodeName:   fmt.Sprintf("nowhere-%d", b.made),
			Containers: []corev1.Container{{Name: "web", Image: "none"}},
		},
	}, metav1.CreateOptions{})
	b.must(err)
	b.makeReady(created.Namespace, created.Name, fmt.Sprintf("192.0.2.%d", b.made%250+1))
	return created.Name
}

// namespace creates a namespace that is deleted when the test ends.
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
