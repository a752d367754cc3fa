//go:build e2e

package e2e

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

const (
	// stormPods are as many as are replaced while the next ones go.
	stormPods = 4
	// stormPace is how often a leader is deleted, if there is another pod that is ready.
	stormPace = 400 * time.Millisecond
)

// stormServices are led by one pod or by several: each departure concerns one Service, two or all three.
var stormServices = map[string]config.Strategy{"web": config.StrategyOldest, "too": config.StrategyOldest, "new": config.StrategyNewest}

// storm deletes the leaders of several Services, one after another, as long as the test does not stop it.
type storm struct {
	t         *testing.T
	client    kubernetes.Interface
	namespace string
	witness   *witness

	// turn is held while a leader is being taken.
	turn sync.Mutex
	mu   sync.Mutex
	// evicts has leaders evicted instead of deleted; anybody has other pods deleted too, when the leader is gone and nobody hands over;
	// calm leaves time for all pods to be ready before the next one goes.
	evicts, anybody, calm bool
	losses                []loss
	end                   context.CancelFunc
	ended                 chan struct{}
}

// loss is a pod that was deleted.
type loss struct {
	pod types.UID
	// led are the leader Services that it led.
	led  []string
	took time.Duration
	err  error
}

// newStorm brings the workload and begins.
func newStorm(t *testing.T, client kubernetes.Interface) *storm {
	t.Helper()
	bothReplicas(t, client)
	s := &storm{t: t, client: client, namespace: workload(t, client, stormPods), ended: make(chan struct{})}
	for name, strategy := range stormServices {
		if name == "web" {
			continue
		}
		_, err := client.CoreV1().Services(s.namespace).Create(t.Context(), &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{config.EnabledKey: "true", config.StrategyKey: string(strategy)}},
			Spec:       corev1.ServiceSpec{Selector: appLabels, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.witness = watchSlices(t, client, s.namespace)
	s.led("before the storm")
	ctx, end := context.WithCancel(t.Context())
	s.end = end
	go s.rage(ctx)
	t.Cleanup(func() {
		end()
		<-s.ended
	})
	return s
}

func (s *storm) rage(ctx context.Context) {
	defer close(s.ended)
	var names []string
	for name := range stormServices {
		names = append(names, name+"-leader")
	}
	slices.Sort(names)
	next := 0
	_ = wait.PollUntilContextCancel(ctx, stormPace, true, func(ctx context.Context) (bool, error) {
		s.turn.Lock()
		defer s.turn.Unlock()
		s.take(ctx, names[next%len(names)])
		next++
		return false, nil
	})
}

// take deletes the leader of a leader Service.
func (s *storm) take(ctx context.Context, service string) {
	list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		if ctx.Err() == nil { // else the storm is over
			s.lost(loss{err: err})
		}
		return
	}
	pods := slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return !standing(&pod) })
	s.mu.Lock()
	evicts, anybody, calm := s.evicts, s.anybody, s.calm
	s.mu.Unlock()
	if len(pods) < 2 || calm && len(pods) < stormPods {
		return // nobody could follow, or not yet
	}
	leader := s.witness.leaderOf(service)
	i := slices.IndexFunc(pods, func(pod corev1.Pod) bool { return pod.UID == leader })
	switch {
	case i >= 0:
	case anybody:
		i = 0
	default:
		return // it is being handed over
	}
	l := loss{pod: pods[i].UID, led: s.witness.ledBy(pods[i].UID)}
	// A call that the end of the storm cut short would be carried out all the same, and not be known of.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	options := &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(l.pod))}
	started := time.Now()
	if evicts {
		l.err = s.client.PolicyV1().Evictions(s.namespace).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pods[i].Name, Namespace: s.namespace}, DeleteOptions: options,
		})
	} else {
		l.err = s.client.CoreV1().Pods(s.namespace).Delete(ctx, pods[i].Name, *options)
	}
	l.took = time.Since(started)
	s.lost(l)
}

func (s *storm) lost(l loss) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.losses = append(s.losses, l)
}

// pause keeps the storm from taking anybody while f runs.
func (s *storm) pause(f func()) {
	s.turn.Lock()
	defer s.turn.Unlock()
	f()
}

// set changes how the storm goes on.
func (s *storm) set(change func(*storm)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// sparesTwo keeps two pods ready while a drain takes others at the same time: of two that go in the same moment, each would have
// been the other's successor. The budget holds the drain back, and the storm, which deletes, waits until all pods are ready.
func (s *storm) sparesTwo() {
	s.t.Helper()
	_, err := s.client.PolicyV1().PodDisruptionBudgets(s.namespace).Create(s.t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: appLabels}, MinAvailable: new(intstr.FromInt32(2)),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.set(func(s *storm) { s.calm = true })
}

func (s *storm) all() []loss {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.losses)
}
