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
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/watch"
)

// ServiceLabel is on each pod that the loop watches; its value is the name of the leader Service that the pod may lead.
const ServiceLabel = "bench.tanist.dev/service"

// patchAttempts is how often a patch is sent before the loop gives up on it.
const patchAttempts = 3

// Loop hands over leader Services of one namespace.
type Loop struct {
	client    kubernetes.Interface
	namespace string
	// slices has an entry per leader Service, by name. Only the watch's goroutine uses it.
	slices map[string]*slice

	// ctx ends the patches with the loop: the watch passes no context to its handler.
	ctx context.Context
	// patches are those under way.
	patches sync.WaitGroup

	mu   sync.Mutex
	errs []error
	// out receives errors instead of errs when it is set.
	out io.Writer
}

// Start starts a loop for leader Services of a namespace, until ctx ends.
func Start(ctx context.Context, client kubernetes.Interface, namespace string, services ...string) (*Loop, error) {
	return start(ctx, client, namespace, services, nil)
}

// Run is Start in a process of its own: it returns when ctx has ended, and writes errors to out, a line each.
func Run(ctx context.Context, client kubernetes.Interface, namespace string, services []string, out io.Writer) error {
	l, err := start(ctx, client, namespace, services, out)
	if err != nil {
		return err
	}
	<-ctx.Done()
	l.Wait()
	return nil
}

func start(ctx context.Context, client kubernetes.Interface, namespace string, services []string, out io.Writer) (*Loop, error) {
	l := &Loop{client: client, namespace: namespace, slices: map[string]*slice{}, ctx: ctx, out: out}
	for _, service := range services {
		l.slices[service] = newSlice(service)
	}
	opts := metav1.ListOptions{LabelSelector: ServiceLabel}
	if err := watch.Follow(ctx, client.CoreV1().Pods(namespace), opts, handler{l}); err != nil {
		return nil, fmt.Errorf("failed to start the floor's loop: %w", err)
	}
	return l, nil
}

// Wait returns when no patch is under way. The loop's context must have ended.
func (l *Loop) Wait() {
	l.patches.Wait()
}

// Err returns the errors of the loop since the last call, nil if there were none.
func (l *Loop) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := errors.Join(l.errs...)
	l.errs = nil
	return err
}

func (l *Loop) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil {
		fmt.Fprintln(l.out, err)
		return
	}
	l.errs = append(l.errs, err)
}

// send sends a patch without blocking the watch: in a burst, many leaders are lost at once.
func (l *Loop) send(slice *slice, patch patch) {
	if patch.body == nil {
		return
	}
	l.patches.Go(func() {
		var err error
		for range patchAttempts {
			_, err = l.client.DiscoveryV1().EndpointSlices(l.namespace).
				Patch(l.ctx, slice.name, types.MergePatchType, patch.body, metav1.PatchOptions{})
			if err == nil || l.ctx.Err() != nil {
				return
			}
		}
		l.failed(fmt.Errorf("failed to patch the floor's slice %s: %w", slice.name, err))
	})
}

// handler acts on what the watch sees.
type handler struct{ *Loop }

func (h handler) Replace(_ time.Time, objects []runtime.Object) {
	listed := map[types.UID]bool{}
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok {
			listed[pod.UID] = true
			h.update(pod)
		}
	}
	for _, slice := range h.slices {
		for uid := range slice.others {
			if !listed[uid] {
				slice.remove(uid)
			}
		}
		if slice.leader != "" && !listed[slice.leader] {
			h.send(slice, slice.remove(slice.leader))
		}
	}
}

func (h handler) Event(_ time.Time, kind apiwatch.EventType, object runtime.Object) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	if slice := h.slices[pod.Labels[ServiceLabel]]; kind == apiwatch.Deleted && slice != nil {
		h.send(slice, slice.remove(pod.UID))
	} else {
		h.update(pod)
	}
}

func (h handler) Failed(err error) {
	h.failed(err)
}

func (h handler) update(pod *corev1.Pod) {
	slice := h.slices[pod.Labels[ServiceLabel]]
	if slice == nil {
		return
	}
	patch, err := slice.update(pod)
	if err != nil {
		h.failed(err)
		return
	}
	h.send(slice, patch)
}
