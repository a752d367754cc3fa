package floor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/watch"
)

// WorkloadLabel is on each of bench's own pods. Its value is the name of the pod's workload, which for the floor's workloads is also the name
// of the leader Service. It is defined here because testbed, which creates the workloads, imports this package.
const WorkloadLabel = "bench.tanist.dev/service"

// patchAttempts is how often a patch is sent before the loop gives up on it.
const patchAttempts = 3

// Loop hands over the leadership of the floor's leader Services in one namespace.
type Loop struct {
	client    kubernetes.Interface
	namespace string
	// byService has the state of each leader Service, by name. Only the calls of the handler use it.
	byService map[string]*leaderState

	// ctx ends the patches with the loop: the watch passes no context to its handler.
	ctx context.Context
	// followed is closed when the watch calls the handler no more.
	followed <-chan struct{}
	// patches counts the patches being sent. Only the handler adds to it.
	patches sync.WaitGroup

	mu   sync.Mutex
	errs []error
	// out receives errors instead of errs when it is set.
	out io.Writer
}

// Start starts a loop for leader Services of a namespace. It runs until ctx ends.
func Start(ctx context.Context, client kubernetes.Interface, namespace string, services ...string) (*Loop, error) {
	return start(ctx, client, namespace, services, nil)
}

// Run runs a loop for leader Services of a namespace until ctx ends, as the process in the loop's pod does. It writes errors to out, a line
// each.
func Run(ctx context.Context, client kubernetes.Interface, namespace string, services []string, out io.Writer) error {
	l, err := start(ctx, client, namespace, services, out)
	if err != nil {
		return err
	}
	l.Wait()
	return nil
}

func start(ctx context.Context, client kubernetes.Interface, namespace string, services []string, out io.Writer) (*Loop, error) {
	l := &Loop{client: client, namespace: namespace, byService: map[string]*leaderState{}, ctx: ctx, out: out}
	for _, service := range services {
		l.byService[service] = newLeaderState(service)
	}
	var err error
	opts := metav1.ListOptions{LabelSelector: WorkloadLabel}
	if l.followed, err = watch.Follow(ctx, client.CoreV1().Pods(namespace), opts, handler{l}); err != nil {
		return nil, fmt.Errorf("failed to start the floor's loop: %w", err)
	}
	return l, nil
}

// Wait returns when the loop's context has ended, no patch is being sent, and none will be.
func (l *Loop) Wait() {
	<-l.followed // From now on nothing adds to patches.
	l.patches.Wait()
}

// Err returns the errors of the loop so far, nil if there were none. Patches that the end of the loop's context interrupts are no errors.
func (l *Loop) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.errs...)
}

func (l *Loop) recordError(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil {
		fmt.Fprintln(l.out, err)
		return
	}
	l.errs = append(l.errs, err)
}

// send sends a patch without blocking the watch: in a burst, many leaders are lost at once. The patches of one slice are sent in order, each
// when the one before has succeeded or was given up. A patch that was given up is not sent later: the slice then names the previous
// leader until the new one is lost.
func (l *Loop) send(leadership *leaderState, next patch) {
	if next.body == nil {
		return
	}
	previous, sent := leadership.sent, make(chan struct{})
	leadership.sent = sent
	l.patches.Go(func() {
		defer close(sent)
		if previous != nil {
			<-previous
		}
		l.patch(leadership.service, next)
	})
}

// patch sends a patch until it succeeds, patchAttempts times at most. It does not report an error after the end of the loop's context.
func (l *Loop) patch(slice string, next patch) {
	var err error
	for range patchAttempts {
		_, err = l.client.DiscoveryV1().EndpointSlices(l.namespace).
			Patch(l.ctx, slice, types.MergePatchType, next.body, metav1.PatchOptions{})
		if err == nil || l.ctx.Err() != nil {
			return
		}
	}
	l.recordError(fmt.Errorf("failed to patch the floor's slice %s: %w", slice, err))
}

// handler sends the patches for what the watch on pods sees.
type handler struct{ *Loop }

func (h handler) Replace(_ time.Time, objects []runtime.Object) {
	listed := sets.New[types.UID]()
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok {
			listed.Insert(pod.UID)
			h.update(pod)
		}
	}
	for _, leadership := range h.byService {
		for uid := range leadership.others {
			if !listed.Has(uid) {
				leadership.remove(uid)
			}
		}
		if leadership.leader != "" && !listed.Has(leadership.leader) {
			h.send(leadership, leadership.remove(leadership.leader))
		}
	}
}

func (h handler) Event(_ time.Time, eventType apiwatch.EventType, object runtime.Object) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	if eventType != apiwatch.Deleted {
		h.update(pod)
		return
	}
	if leadership := h.byService[pod.Labels[WorkloadLabel]]; leadership != nil {
		h.send(leadership, leadership.remove(pod.UID))
	}
}

func (h handler) Failed(err error) {
	h.recordError(err)
}

func (h handler) update(pod *corev1.Pod) {
	leadership := h.byService[pod.Labels[WorkloadLabel]]
	if leadership == nil {
		return
	}
	next, err := leadership.update(pod)
	if err != nil {
		h.recordError(err)
		return
	}
	h.send(leadership, next)
}
