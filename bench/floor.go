package bench

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
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// floorAttempts is how often a patch of the floor's is sent before it is given up.
const floorAttempts = 3

// floor is the bare watch-and-patch loop that Tanist is compared with: one watch on pods, and, the moment a leader is lost (its
// deletionTimestamp, its readiness, or itself gone), one unconditional patch that lay ready. It knows no election, no lock, no
// second replica and no second thought. A merge patch it stays, so that figures of different versions can be compared, although the
// API server needs about a millisecond less for an update, which Tanist sends. Its namespace is not opted in, so what Tanist's
// admission adds to a delete counts against Tanist and not against the floor.
type floor struct {
	client    kubernetes.Interface
	namespace string
	// slices has an entry per leader Service of the floor's; only the watch's goroutine touches them.
	slices map[string]*floorSlice

	// ctx ends the patches with the loop: the watch's calls bring none along.
	ctx context.Context
	// patches are those under way.
	patches sync.WaitGroup

	mu   sync.Mutex
	errs []error
	// out gets the errors instead, when it is set.
	out io.Writer
}

// startFloor starts the loop for the floor's Services of a namespace, until ctx ends.
func startFloor(ctx context.Context, client kubernetes.Interface, namespace string, services ...string) (*floor, error) {
	f := &floor{client: client, namespace: namespace, slices: map[string]*floorSlice{}, ctx: ctx}
	for _, service := range services {
		f.slices[service] = &floorSlice{name: service, others: map[types.UID]floorPatch{}}
	}
	opts := metav1.ListOptions{LabelSelector: managedByLabel + "=" + managedBy}
	if _, err := follow(ctx, client.CoreV1().Pods(namespace), opts, f); err != nil {
		return nil, fmt.Errorf("failed to start the floor's loop: %w", err)
	}
	return f, nil
}

// wait returns when no patch is under way any more. The loop's context must have ended.
func (f *floor) wait() {
	f.patches.Wait()
}

// err is what went wrong in the loop since the last call, nil if nothing did.
func (f *floor) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := errors.Join(f.errs...)
	f.errs = nil
	return err
}

func (f *floor) replace(_ time.Time, objects []runtime.Object) {
	listed := map[types.UID]bool{}
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok {
			listed[pod.UID] = true
			f.see(pod)
		}
	}
	for _, slice := range f.slices {
		for uid := range slice.others {
			if !listed[uid] {
				slice.drop(uid)
			}
		}
		if slice.leader != "" && !listed[slice.leader] {
			f.send(slice, slice.drop(slice.leader))
		}
	}
}

func (f *floor) event(_ time.Time, kind watch.EventType, object runtime.Object) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	if slice := f.slices[pod.Labels[serviceLabel]]; kind == watch.Deleted && slice != nil {
		f.send(slice, slice.drop(pod.UID))
	} else {
		f.see(pod)
	}
}

func (f *floor) see(pod *corev1.Pod) {
	slice := f.slices[pod.Labels[serviceLabel]]
	if slice == nil {
		return
	}
	patch, err := slice.see(pod)
	if err != nil {
		f.trouble(err)
		return
	}
	f.send(slice, patch)
}

// send sends a patch without holding up the watch: in a burst, many leaders are lost at once.
func (f *floor) send(slice *floorSlice, patch floorPatch) {
	if patch.body == nil {
		return
	}
	f.patches.Go(func() {
		var err error
		for range floorAttempts {
			_, err = f.client.DiscoveryV1().EndpointSlices(f.namespace).
				Patch(f.ctx, slice.name, types.MergePatchType, patch.body, metav1.PatchOptions{})
			if err == nil || f.ctx.Err() != nil {
				return
			}
		}
		f.trouble(fmt.Errorf("failed to patch the floor's slice %s: %w", slice.name, err))
	})
}

func (f *floor) trouble(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out != nil {
		fmt.Fprintln(f.out, err)
		return
	}
	f.errs = append(f.errs, err)
}

// report has errors written out, those so far among them, instead of kept.
func (f *floor) report(out io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, err := range f.errs {
		fmt.Fprintln(out, err)
	}
	f.errs, f.out = nil, out
}
