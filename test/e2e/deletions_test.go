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
	"github.com/tanist-dev/tanist/test/env"
)

const (
	// deletionPods is how many pods there are: some are being replaced while the next ones are deleted.
	deletionPods = 4
	// deletionInterval is how often a leader is deleted, if there is another pod that is ready.
	deletionInterval = 400 * time.Millisecond
)

// deletionServices are led by one pod or by several: a deletion takes the leader of one Service, of two or of all three.
var deletionServices = map[string]config.Strategy{"web": config.StrategyOldest, "too": config.StrategyOldest, "new": config.StrategyNewest}

// deletions deletes the leaders of several Services, one after another, until the test stops it.
type deletions struct {
	t         *testing.T
	client    kubernetes.Interface
	namespace string
	recorder  *recorder

	// deleting is held while a leader is being deleted.
	deleting sync.Mutex
	mu       sync.Mutex
	// evicts evicts leaders instead of deleting them. anyPod deletes another pod when the leader is gone and nothing hands over.
	// allReady waits until all pods are ready before the next deletion.
	evicts, anyPod, allReady bool
	made                     []deletion
	end                      context.CancelFunc
	ended                    chan struct{}
}

// deletion is a pod that was deleted or evicted.
type deletion struct {
	pod types.UID
	// led are the leader Services that the pod led.
	led  []string
	took time.Duration
	err  error
}

// startDeletions creates the workload and starts deleting.
func startDeletions(t *testing.T, client kubernetes.Interface) *deletions {
	t.Helper()
	env.AwaitBothReplicas(t, client)
	s := &deletions{t: t, client: client, namespace: workload(t, client, deletionPods), ended: make(chan struct{})}
	for name, strategy := range deletionServices {
		if name == "web" {
			continue
		}
		_, err := client.CoreV1().Services(s.namespace).Create(t.Context(), &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{config.EnabledKey: "true", config.StrategyKey: string(strategy)}},
			Spec:       corev1.ServiceSpec{Selector: appLabels, Ports: env.ServerPorts()},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.recorder = recordLeaders(t, client, s.namespace)
	s.awaitLeaders("before the deletions")
	ctx, end := context.WithCancel(t.Context())
	s.end = end
	go s.run(ctx)
	t.Cleanup(func() {
		end()
		<-s.ended
	})
	return s
}

func (s *deletions) run(ctx context.Context) {
	defer close(s.ended)
	var names []string
	for name := range deletionServices {
		names = append(names, name+"-leader")
	}
	slices.Sort(names)
	next := 0
	_ = wait.PollUntilContextCancel(ctx, deletionInterval, true, func(ctx context.Context) (bool, error) {
		s.deleting.Lock()
		defer s.deleting.Unlock()
		s.deleteLeaderOf(ctx, names[next%len(names)])
		next++
		return false, nil
	})
}

// deleteLeaderOf deletes the leader of a leader Service.
func (s *deletions) deleteLeaderOf(ctx context.Context, service string) {
	list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		if ctx.Err() == nil { // otherwise the deletions are over
			s.add(deletion{err: err})
		}
		return
	}
	pods := slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return !env.IsReady(&pod) })
	s.mu.Lock()
	evicts, anyPod, allReady := s.evicts, s.anyPod, s.allReady
	s.mu.Unlock()
	if len(pods) < 2 || allReady && len(pods) < deletionPods {
		return // no pod could follow, or not yet
	}
	leader := s.recorder.leaderOf(service)
	i := slices.IndexFunc(pods, func(pod corev1.Pod) bool { return pod.UID == leader })
	switch {
	case i >= 0:
	case anyPod:
		i = 0
	default:
		return // it is being handed over
	}
	d := deletion{pod: pods[i].UID, led: s.recorder.ledBy(pods[i].UID)}
	// The API server carries out a call that is cut short here, and the test would not know of it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), env.Timeout)
	defer cancel()
	options := &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(d.pod))}
	started := time.Now()
	if evicts {
		d.err = s.client.PolicyV1().Evictions(s.namespace).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pods[i].Name, Namespace: s.namespace}, DeleteOptions: options,
		})
	} else {
		d.err = s.client.CoreV1().Pods(s.namespace).Delete(ctx, pods[i].Name, *options)
	}
	d.took = time.Since(started)
	s.add(d)
}

func (s *deletions) add(d deletion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, d)
}

// pause deletes nothing while f runs.
func (s *deletions) pause(f func()) {
	s.deleting.Lock()
	defer s.deleting.Unlock()
	f()
}

// set changes which pods are deleted, how or when.
func (s *deletions) set(change func(*deletions)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// keepTwoReady keeps two pods ready while a drain evicts others at the same time. Of two pods that go at the same moment, each would have
// been the other's successor. The budget delays the drain, and the deletions, which no budget delays, wait until all pods are ready.
func (s *deletions) keepTwoReady() {
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
	s.set(func(s *deletions) { s.allReady = true })
}

func (s *deletions) all() []deletion {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.made)
}
