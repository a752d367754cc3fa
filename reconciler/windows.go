package reconciler

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// A workload's pods are taken to be refused because of their drain window when none has appeared after this many windowAttempts and this
// time. Controllers try again after 5 ms, 10 ms and so on, so that this is about the tenth attempt.
const (
	refusedAttempts = 5
	refusedAfter    = 5 * time.Second
	// trialTime is how long a pod that is created without a window has to appear.
	trialTime = time.Second
	// mostOwners is for how many workloads this is remembered at most.
	mostOwners = 10_000
)

// windows finds out whose pods cannot be created with a drain window: a policy of the cluster may limit the grace period of a pod,
// and admission is not told what becomes of a pod. A controller that is refused tries again. So when attempt after attempt brings no
// pod, one is made without a window. If that one appears, the window was to blame, and the workload's pods are created without it from
// then on. If it does not appear either, something else is (a quota), and it takes twice as many windowAttempts until the next trial.
type windows struct {
	mu sync.Mutex
	// owners are the workloads with pods that have not appeared, by UID.
	owners map[types.UID]*windowAttempts
}

// windowAttempts are those to create pods of one workload since the last one with a window appeared.
type windowAttempts struct {
	first         time.Time
	count, enough int
	// trial is when a pod was made without a window; zero when none was.
	trial time.Time
	// refused says that the window is to blame.
	refused bool
}

func newWindows() *windows {
	return &windows{owners: map[types.UID]*windowAttempts{}}
}

// accepted reports whether the next pod of a workload should have its window, and counts the attempt.
func (w *windows) accepted(owner types.UID, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.owners[owner]
	if a == nil {
		if len(w.owners) >= mostOwners {
			clear(w.owners) // which costs some windowAttempts more
		}
		a = &windowAttempts{first: now, enough: refusedAttempts}
		w.owners[owner] = a
	}
	a.count++
	switch {
	case a.refused || now.Sub(a.trial) < trialTime:
		return false
	case !a.trial.IsZero():
		*a = windowAttempts{first: now, count: 1, enough: 2 * a.enough}
		return true
	case a.count > a.enough && now.Sub(a.first) >= refusedAfter:
		a.trial = now
		return false
	default:
		return true
	}
}

// appeared notes that a pod was created after all.
func (w *windows) appeared(pod *corev1.Pod) {
	owner := store.ControllerUID(pod)
	if owner == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch a := w.owners[owner]; {
	case a == nil:
	case pod.Annotations[config.DrainWindowRefusedKey] == "":
		delete(w.owners, owner)
	case !a.trial.IsZero():
		a.refused = true
	}
}

// watch has every pod noted that appears.
func (w *windows) watch(ctx context.Context, informers ctrlcache.Informers) error {
	informer, err := informers.GetInformer(ctx, &corev1.Pod{}, ctrlcache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("failed to get informer for pods: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		if pod, ok := object.(*corev1.Pod); ok {
			w.appeared(pod)
		}
	}})
	return err
}
