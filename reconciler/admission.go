package reconciler

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/failover"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Admission is what the informers know and admission asks for: it implements webhook.Services and webhook.Preparer. The objects it returns are shared
// and must not be modified. Before the informers are synced it knows of nothing, and admission has nothing to object to.
type Admission struct {
	stores   *store.Stores
	failover *failover.Controller
	all      *store.AllServicesEnqueuer
	windows  *windows
}

func newAdmission(v *store.Stores, s *failover.Controller, all *store.AllServicesEnqueuer) *Admission {
	return &Admission{stores: v, failover: s, all: all, windows: newWindows()}
}

// Prepare chooses the successors of a pod that is about to go, and keeps their commits ready for when it does. It answers with what
// that means for each Service that the pod leads. It reads from memory alone and writes nothing to the API; what the leader cache
// does not know well enough is read by the reconciler meanwhile. It may be called at any time and from any goroutine.
func (a *Admission) Prepare(departure cache.Departure) []cache.HandOver {
	return a.failover.PrepareDeparture(departure, time.Now())
}

// OlderReplicas reports whether replicas of Tanist run that do not know who may change what.
func (a *Admission) OlderReplicas() bool {
	return a.stores.OlderReplicas()
}

// EnqueueAll has every Service decided upon again, because what this replica may change is another now.
func (a *Admission) EnqueueAll() {
	a.all.EnqueueAll()
}

// WindowAccepted reports whether the next pod of the workload with this UID should have its drain window, and counts the attempt.
func (a *Admission) WindowAccepted(owner types.UID) bool {
	return a.windows.accepted(owner, time.Now())
}

// Selecting are the opted-in Services (namespace label and annotation) that select pods with these labels.
func (a *Admission) Selecting(namespace string, podLabels map[string]string) []*corev1.Service {
	if !a.stores.OptedIn(namespace) {
		return nil
	}
	return wanters(a.stores.ServicesSelecting(namespace, podLabels))
}

// Wanting are the opted-in Services that ask for a leader Service of this name.
func (a *Admission) Wanting(namespace, leaderService string) []*corev1.Service {
	if !a.stores.OptedIn(namespace) {
		return nil
	}
	return wanters(a.stores.ServicesWanting(types.NamespacedName{Namespace: namespace, Name: leaderService}))
}

// Enabled are the Services of a namespace that are to have a leader Service, whether or not the namespace has opted in.
func (a *Admission) Enabled(namespace string) []*corev1.Service {
	return wanters(a.stores.EnabledServices(namespace))
}

// Taken is the Service that has the name and is not the leader Service of the source with this name and UID; nil when the name is
// free, or has a leader Service that nobody controls any longer (restored from a backup, or its Service was deleted and created anew),
// which the source adopts.
func (a *Admission) Taken(namespace, leaderService, source string, sourceUID types.UID) *corev1.Service {
	named := a.stores.Service(types.NamespacedName{Namespace: namespace, Name: leaderService})
	asking := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: source, UID: sourceUID}}
	if named == nil || named.DeletionTimestamp != nil ||
		leaderslice.ControlledByUID(named, sourceUID) || a.stores.Adoptable(named) && a.stores.OtherOwner(named, asking) == nil {
		return nil
	}
	return named
}

// LeaderSpec is the spec that Tanist gives to this leader Service; nil when it is not, or not any more, the leader Service of a
// Service that is known.
func (a *Admission) LeaderSpec(namespace string, leaderService *corev1.Service) *corev1.ServiceSpec {
	owner := metav1.GetControllerOfNoCopy(leaderService)
	if owner == nil || !leaderslice.IsService(owner) || !a.stores.OptedIn(namespace) {
		return nil
	}
	source := a.stores.Service(types.NamespacedName{Namespace: namespace, Name: owner.Name})
	if !store.WantsLeader(source) || source.UID != owner.UID {
		return nil
	}
	if options, _ := config.ParseOptions(source); options.LeaderService != leaderService.Name {
		return nil
	}
	return &leaderservice.Mirror(leaderService, source, leaderslice.State{}).Spec
}

// wanters are the Services that are to have a leader Service.
func wanters(services []*corev1.Service) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range services {
		if store.WantsLeader(service) {
			all = append(all, service)
		}
	}
	return all
}
