//go:build bench

package bench

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

var (
	elsewhere = flag.Int("elsewhere", 100000, "how many pods are in namespaces that have not opted in")
	updates   = flag.Int("updates", 1000, "how many of those pods change in a second, if the machine can do that")
	programs  = flag.String("programs", "tanist", "the programs to measure in turns, such as tanist,/path/to/an/older/tanist")
	rounds    = flag.Int("rounds", 3, "how often each program is measured")
)

// elsewhereNamespaces is how many namespaces have not opted in.
const elsewhereNamespaces = 50

// TestElsewhere: what does a replica cost that is asked for little, in a cluster with many pods that are none of its business?
func TestElsewhere(t *testing.T) {
	client, nodes := connect(t)
	createNamespace(t, client)
	observeNobody(t, client)
	population{client: client, nodes: nodes, services: *services, pods: *pods}.create(t)
	others := otherPods{client: client, pods: *elsewhere}
	others.create(t)

	first := newReplica(t)
	b := bench{t: t, client: client, replicas: []*replica{first}}
	b.startCold(&report{})
	first.kill()

	var measured []elsewhereCost
	for range *rounds {
		for program := range strings.SplitSeq(*programs, ",") {
			measured = append(measured, others.measure(t, program))
		}
	}
	writeElsewhere(t.Output(), measured)
}

// elsewhereCost is what a replica of a program used.
type elsewhereCost struct {
	program string
	ready   time.Duration
	// quiet is what it used while no pod changed, and busy while perSecond pods of other namespaces did.
	quiet, busy sample
	perSecond   float64
}

func writeElsewhere(out io.Writer, measured []elsewhereCost) {
	fmt.Fprintf(out, "\n%d leader Services over %d pods, %d pods elsewhere; %s/%s, %d CPUs, %s\n\n",
		*services, *services**pods, *elsewhere, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Fprintln(out, "| program | ready after | memory (RSS) | the most it ever was | of it, live Go objects | CPU, of one core | pods elsewhere that change in a second | CPU then | memory then |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, m := range measured {
		fmt.Fprintf(out, "| %s | %d ms | %.0f MB | %.0f MB | %.0f MB | %.2f %% | %.0f | %.2f %% | %.0f MB |\n",
			m.program, m.ready.Milliseconds(), m.quiet.memory/1e6, m.busy.peak*1024/1e6, m.quiet.live/1e6,
			100*m.quiet.cpu/idle.Seconds(), m.perSecond, 100*m.busy.cpu/idle.Seconds(), m.busy.memory/1e6)
	}
}

// otherPods are pods in namespaces that have not opted in. No scheduler and no kubelet cares for them.
type otherPods struct {
	client kubernetes.Interface
	pods   int
}

func (s otherPods) namespace(number int) string {
	return fmt.Sprintf("elsewhere-%02d", number%elsewhereNamespaces)
}

func (s otherPods) name(number int) string { return fmt.Sprintf("stranger-%06d", number) }

func (s otherPods) create(t *testing.T) {
	t.Helper()
	err := parallel(t.Context(), elsewhereNamespaces, func(ctx context.Context, i int) error {
		_, err := s.client.CoreV1().Namespaces().Create(ctx,
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace(i)}}, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("failed to create namespace: %w", err)
		}
		return awaitServiceAccount(ctx, s.client, s.namespace(i))
	})
	if err != nil {
		t.Fatal(err)
	}
	var done atomic.Int64
	began := time.Now()
	err = parallel(t.Context(), s.pods, func(ctx context.Context, i int) error {
		pod := population{}.pod(s.name(i), i, "")
		pod.Name, pod.Spec.SchedulerName = s.name(i), "nobody"
		_, err := s.client.CoreV1().Pods(s.namespace(i)).Create(ctx, pod, metav1.CreateOptions{})
		if n := done.Add(1); n%10000 == 0 {
			fmt.Fprintf(os.Stderr, "Pods elsewhere: %d of %d, %s\n", n, s.pods, time.Since(began).Round(time.Second))
		}
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("failed to create pods elsewhere: %w", err))
	}
}

// measure starts the program, and measures it for as long as the flag idle says while nothing happens, and again while pods elsewhere change.
func (s otherPods) measure(t *testing.T, program string) elsewhereCost {
	t.Helper()
	r := newReplica(t)
	r.program = program
	m := elsewhereCost{program: program}
	var err error
	if m.ready, err = r.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer r.kill()
	b := bench{t: t, client: s.client, replicas: []*replica{r}}
	b.settle()
	fmt.Fprintf(os.Stderr, "Measuring %s for %s while nothing happens, and for %s while pods elsewhere change\n", program, *idle, *idle)
	before := b.samples()[0]
	if err := pause(t.Context(), *idle); err != nil {
		t.Fatal(err)
	}
	between := b.samples()[0]
	m.quiet = between.since(before)
	m.perSecond = float64(s.change(t)) / idle.Seconds()
	m.busy = b.samples()[0].since(between)
	return m
}

// change changes the status of pods for as long as the flag idle says, and returns how many.
func (s otherPods) change(t *testing.T) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *idle)
	defer cancel()
	var next, changed atomic.Int64
	limiter := rate.NewLimiter(rate.Limit(*updates), 1)
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for limiter.Wait(ctx) == nil { // it also returns an error when the time is over
				n := next.Add(1)
				i, patch := int(n)%s.pods, fmt.Appendf(nil, `{"status":{"message":"change %d"}}`, n)
				_, err := s.client.CoreV1().Pods(s.namespace(i)).Patch(ctx, s.name(i), types.MergePatchType, patch, metav1.PatchOptions{}, "status")
				switch {
				case err == nil:
					changed.Add(1)
				case ctx.Err() == nil:
					return fmt.Errorf("failed to change a pod elsewhere: %w", err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return changed.Load()
}
