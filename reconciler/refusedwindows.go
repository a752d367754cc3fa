package reconciler

import (
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
)

const (
	// refusedAttempts and refusedAfter are how many attempts to create a workload's pods fail, and for how long, before one pod is created
	// without a drain window. Controllers try again after 5 ms, 10 ms and so on, so that this is about the tenth attempt.
	refusedAttempts = 5
	refusedAfter    = 5 * time.Second
	// trialTime is how long a pod that is created without a window has to appear.
	trialTime = time.Second
	// maxOwners is the largest number of workloads to remember.
	maxOwners = 10_000
)

// refusedWindows finds out which workloads' pods cannot be created with a drain window. A policy of the cluster may limit the grace period
// of pods, and admission does not learn whether a pod was created.
//
// A controller whose pod is refused tries again. When no pod appears after many attempts, one pod is created without a window, as a trial.
// If that pod appears, the window was the cause, and the workload's pods are created without it from then on. If it does not appear, the
// cause is another one, such as a quota. Then the next trial takes twice as many attempts.
type refusedWindows struct {
	mu sync.Mutex
	// owners has an entry for each workload from an attempt until a pod with a window appears.
	owners map[workload]*windowAttempts
}

// workload is a controller of pods in their namespace. Anybody can write the UID of another namespace's into a pod's owner reference.
type workload struct {
	namespace string
	uid       types.UID
}

// windowAttempts are the attempts to create pods of one workload since the last pod with a window appeared.
type windowAttempts struct {
	first time.Time
	count int
	// enough is the number of attempts after which the next one may be a trial.
	enough int
	// trial is when a pod was created without a window; zero when none was.
	trial time.Time
	// refused says that the window is the cause.
	refused bool
}

func newRefusedWindows() *refusedWindows {
	return &refusedWindows{owners: map[workload]*windowAttempts{}}
}

// accepted reports whether the next pod of a workload should have its drain window, and counts the attempt.
func (w *refusedWindows) accepted(owner workload, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.owners[owner]
	if a == nil {
		if len(w.owners) >= maxOwners {
			w.forgetMost()
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

// forgetMost forgets the workloads of the namespace that has most of them: they count from zero again. Whoever may create pods can make up owners, and so
// can fill the table, but has only those of their own namespace forgotten. The caller holds mu.
func (w *refusedWindows) forgetMost() {
	most, counts := "", map[string]int{}
	for owner := range w.owners {
		if counts[owner.namespace]++; counts[owner.namespace] > counts[most] {
			most = owner.namespace
		}
	}
	maps.DeleteFunc(w.owners, func(owner workload, _ *windowAttempts) bool { return owner.namespace == most })
}

// known reports whether pods of a workload are refused because of their window.
func (w *refusedWindows) known(owner workload) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.owners[owner]
	return a != nil && a.refused
}

// appeared records that a pod was created, with or without a window.
func (w *refusedWindows) appeared(pod *corev1.Pod) {
	owner := workload{pod.Namespace, store.ControllerUID(pod)}
	if owner.uid == "" {
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

// watch calls appeared for every pod that the informers deliver.
func (w *refusedWindows) watch(namespaced *informers.Informers) {
	namespaced.Handle(store.KindPods, toolscache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		if pod, ok := object.(*corev1.Pod); ok {
			w.appeared(pod)
		}
	}})
}
