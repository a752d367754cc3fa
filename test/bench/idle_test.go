//go:build bench

package bench

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

var (
	services = flag.Int("services", 1000, "how many Services have a leader")
	pods     = flag.Int("pods", 3, "pods of each Service")
	idle     = flag.Duration("idle", 2*time.Minute, "how long to measure while nothing happens")
	restarts = flag.Int("restarts", 10, "how often a replica is killed and started again, each by turns")
)

// writesPerService is more than the writes that any Service needs to become as it should be.
const writesPerService = 20

// quiet is how long a replica must not have written to be considered done.
const quiet = 10 * time.Second

// TestIdle: when nothing happens, nothing is written, and a restart changes nothing.
func TestIdle(t *testing.T) {
	client, nodes := connect(t)
	b := bench{t: t, client: client, replicas: []*replica{newReplica(t), newReplica(t)}}
	createNamespace(t, client)
	observeNobody(t, client)
	makeRoom(t, client, nodes)
	population{client: client, nodes: nodes, services: *services, pods: *pods}.create(t)

	r := report{services: *services, pods: *services * *pods, nodes: len(nodes)}
	defer func() { r.write(t.Output()) }() // also what was measured before a failure
	b.startCold(&r)
	b.idle(&r)
	b.handOver(&r)
	b.restart(&r)
}

// bench is one run.
type bench struct {
	t        *testing.T
	client   kubernetes.Interface
	replicas []*replica
}

// startCold starts both replicas where no Service has a leader yet.
func (b bench) startCold(r *report) {
	b.t.Helper()
	labels := discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy
	before, err := b.client.DiscoveryV1().EndpointSlices(allNamespaces).List(b.t.Context(), metav1.ListOptions{LabelSelector: labels})
	if err != nil {
		b.t.Fatal(err)
	}
	w, err := watchFrom(b.t.Context(), before.ResourceVersion, labels, b.client.DiscoveryV1().EndpointSlices(allNamespaces).Watch)
	if err != nil {
		b.t.Fatal(err)
	}
	began := time.Now()
	r.cold = make([]time.Duration, len(b.replicas))
	group, ctx := errgroup.WithContext(b.t.Context())
	for i, replica := range b.replicas {
		group.Go(func() (err error) {
			r.cold[i], err = replica.start(ctx)
			return err
		})
	}
	group.Go(func() error {
		defer func() { r.allLed = time.Since(began) }()
		return count(ctx, "Services that have a leader", w, *services, led)
	})
	if err := group.Wait(); err != nil {
		b.t.Fatal(err)
	}
	b.settle()
	for _, s := range b.samples() {
		r.written += s.otherWrites()
	}
}

// led reports whether a slice has one ready endpoint.
func led(slice *discoveryv1.EndpointSlice) bool {
	return len(slice.Endpoints) == 1 && slice.Endpoints[0].Conditions.Ready != nil && *slice.Endpoints[0].Conditions.Ready
}

// idle measures while nothing happens.
func (b bench) idle(r *report) {
	b.t.Helper()
	lease := watchLease(b.t, b.client)
	between := func() {
		if err := lease.betweenRenewals(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	versionsBefore := b.versions()
	between()
	fmt.Fprintf(os.Stderr, "Measuring for %s while nothing happens\n", *idle)
	began, before, renewals := time.Now(), b.samples(), lease.changes.Load()
	if err := pause(b.t.Context(), *idle); err != nil {
		b.t.Fatal(err)
	}
	between()
	after := b.samples()
	r.idle, r.renewals = time.Since(began), float64(lease.changes.Load()-renewals)

	leaseWrites := 0.0
	for i := range after {
		used := after[i].since(before[i])
		r.replicas = append(r.replicas, used)
		leaseWrites += used.leaseWrites()
		if writes := used.otherWrites(); writes > 0 {
			b.t.Errorf("a replica wrote %v times although nothing happened: %v", writes, used.requests)
		}
	}
	if leaseWrites != r.renewals {
		b.t.Errorf("the replicas sent %v PUTs and the Lease changed %v times: something else is written", leaseWrites, r.renewals)
	}
	if diff := cmp.Diff(versionsBefore, b.versions()); diff != "" {
		b.t.Errorf("Services or EndpointSlices changed although nothing happened (-before +after):\n%s", diff)
	}
	// The replica that holds the Lease comes first in the report.
	slices.SortFunc(r.replicas, func(a, b sample) int {
		if a.elected == b.elected {
			return 0
		} else if a.elected {
			return -1
		}
		return 1
	})
}

// handOver measures hand-overs of a few more Services, beside the floor's.
func (b bench) handOver(r *report) {
	b.t.Helper()
	if *handOvers == 0 {
		return
	}
	led, floors := newNeighbours(installation{b.t, b.client})
	b.awaitKubernetes()
	progress := newProgress("Hand-overs")
	for i := range *handOvers {
		progress.at("%d of %d", i, *handOvers)
		took, floor := led[i%neighbours].handOver(), floors[i%neighbours].handOver()
		r.handOvers, r.floor = append(r.handOvers, took), append(r.floor, floor)
	}
	b.settle()
}

// restart kills one replica after another, and starts each again.
func (b bench) restart(r *report) {
	b.t.Helper()
	before, progress := b.versions(), newProgress("Restarts")
	for i := range *restarts {
		progress.at("%d of %d", i, *restarts)
		replica := b.replicas[i%len(b.replicas)]
		replica.kill()
		took, err := replica.start(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		r.restarts = append(r.restarts, took)
	}
	b.settle()
	if diff := cmp.Diff(before, b.versions()); diff != "" {
		b.t.Errorf("restarts changed Services or EndpointSlices (-before +after):\n%s", diff)
	}
}

// settle waits until one replica holds the Lease and none has written anything else for a while. It gives up when no replica gets the
// Lease, and when there are more writes than the Services can need.
func (b bench) settle() {
	b.t.Helper()
	most := float64(writesPerService * (*services + 100))
	before := 0.0
	for _, s := range b.samples() {
		before += s.otherWrites()
	}
	last, progress := -1.0, newProgress("Coming to rest")
	changed, ruled := time.Now(), time.Now()
	err := wait.PollUntilContextCancel(b.t.Context(), time.Second, true, func(context.Context) (bool, error) {
		writes, elected := -before, 0
		for _, s := range b.samples() {
			writes += s.otherWrites()
			if s.elected {
				elected++
			}
		}
		now := time.Now()
		if elected == 1 {
			ruled = now
		}
		if writes != last || elected != 1 {
			last, changed = writes, now
		}
		progress.at("%v writes", writes)
		switch {
		case writes > most:
			return false, fmt.Errorf("more than %v writes", most)
		case now.Sub(ruled) > stallTimeout:
			return false, fmt.Errorf("%d replicas held the Lease for %s", elected, stallTimeout)
		}
		return now.Sub(changed) >= quiet, nil
	})
	if err != nil {
		b.t.Fatalf("the replicas do not come to rest, %v writes so far: %v", last, err)
	}
	b.awaitKubernetes()
}

// awaitKubernetes waits until nobody has changed a Service or an EndpointSlice for a while. With thousands of Services, Kubernetes' own
// controllers write the slices of the source Services for longer than Tanist writes anything. What Tanist itself goes on writing is not
// hidden by it: a change that never ends never lets the test pass.
func (b bench) awaitKubernetes() {
	b.t.Helper()
	before := b.versions()
	err := wait.PollUntilContextTimeout(b.t.Context(), quiet, stallTimeout, false, func(context.Context) (bool, error) {
		now := b.versions()
		same := maps.Equal(before, now)
		before = now
		return same, nil
	})
	if err != nil {
		b.t.Fatalf("Services or EndpointSlices go on changing: %v", err)
	}
}

func (b bench) samples() []sample {
	b.t.Helper()
	samples := make([]sample, len(b.replicas))
	for i, replica := range b.replicas {
		var err error
		if samples[i], err = replica.sample(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	return samples
}

func (b bench) versions() map[string]string {
	b.t.Helper()
	found, err := versions(b.t.Context(), b.client)
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

func createNamespace(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	_, err := client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tanistNamespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(fmt.Errorf("failed to create Tanist's namespace; is the cluster fresh? %w", err))
	}
}

// makeRoom lets the scheduler place pods on the nodes on which the population's pods are already.
func makeRoom(t *testing.T, client kubernetes.Interface, nodes []string) {
	t.Helper()
	room := []byte(`{"status":{"capacity":{"pods":"1000000"},"allocatable":{"pods":"1000000"}}}`)
	for _, node := range nodes {
		if _, err := client.CoreV1().Nodes().Patch(t.Context(), node, types.MergePatchType, room, metav1.PatchOptions{}, "status"); err != nil {
			t.Fatal(err)
		}
	}
}

// observeNobody writes a tuning with which no replica watches for losses that nobody announces. The leaders of these measurements are
// simulated: nothing listens at their addresses, so watching them would cost more than watching real ones, which TestObserver measures.
func observeNobody(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	writeTuning(t, client, "observe: {enabled: false}")
}

func writeTuning(t *testing.T, client kubernetes.Interface, tuning string) {
	t.Helper()
	_, err := client.CoreV1().ConfigMaps(tanistNamespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningConfigMap},
		Data:       map[string]string{config.TuningKey: tuning},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(fmt.Errorf("failed to write the tuning: %w", err))
	}
}
