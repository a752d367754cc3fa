package reconciler

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/failover"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Admission answers what admission asks: it implements webhook.Services and webhook.Preparer. The objects that it returns are shared and
// must not be modified. Before the informers are synced it knows no Service, so admission rejects nothing.
type Admission struct {
	stores   *store.Stores
	failover *failover.Controller
	all      *store.AllServicesEnqueuer
	windows  *refusedWindows
	// informers has the namespaces that can be read, and awaiting is how many calls may wait for one.
	informers interface {
		AwaitReadable(ctx context.Context, namespace string)
	}
	awaiting *semaphore.Weighted
	// types tries what type a leader Service may have, and trials limits how often: whoever may annotate Services causes it.
	types interface {
		TryType(ctx context.Context, source *corev1.Service, options config.Options) error
	}
	trials *rate.Limiter
	// Events records what admission and its certificates have to report.
	Events events.EventRecorder
}

const (
	// readableTimeout is how long a call of admission waits for a namespace that opts in, and trialTimeout for the API server's answer about a
	// type. They leave time to answer before the API server gives up, after a second.
	readableTimeout = 500 * time.Millisecond
	trialTimeout    = 500 * time.Millisecond
	// awaitingLimit is half of the calls that the webhook of new pods answers at a time, so that a namespace that cannot be read for long does
	// not hold up the pods of the others.
	awaitingLimit = 64
	// trialsPerSecond is how many types each replica tries, after as many at once. A type that is not tried is refused later, with an Event.
	trialsPerSecond = 5
)

func newAdmission(stores *store.Stores, failoverController *failover.Controller, all *store.AllServicesEnqueuer) *Admission {
	return &Admission{
		stores: stores, failover: failoverController, all: all, windows: newRefusedWindows(), awaiting: semaphore.NewWeighted(awaitingLimit),
		trials: rate.NewLimiter(trialsPerSecond, trialsPerSecond),
	}
}

// AwaitReadable waits until the Services of a namespace can be read, for half a second at most: the API server may know before this replica
// that a namespace has opted in.
func (a *Admission) AwaitReadable(ctx context.Context, namespace string) {
	if !a.MayOptIn(namespace) || config.NeverOptsIn(namespace, a.stores.Installation) || !a.awaiting.TryAcquire(1) {
		return
	}
	defer a.awaiting.Release(1)
	ctx, cancel := context.WithTimeout(ctx, readableTimeout)
	defer cancel()
	a.informers.AwaitReadable(ctx, namespace)
}

// Prepare chooses the successors of a pod whose deletion or eviction is being admitted, and keeps the commits ready. It returns what the
// departure means for each Service that the pod leads. It reads from memory alone and writes nothing to the API. When the leader cache
// lacks something about a Service, the failover controller reads it afterwards. Prepare may be called at any time and from any goroutine.
func (a *Admission) Prepare(departure cache.Departure) []cache.Handover {
	return a.failover.PrepareDeparture(departure, time.Now())
}

// OlderReplicas reports whether replicas of an older version of Tanist run, which do not know that some changes are the Lease holder's
// alone.
func (a *Admission) OlderReplicas() bool {
	return a.stores.OlderReplicas()
}

// EnqueueAll enqueues every Service with the failover controller, because what this replica may change is different now.
func (a *Admission) EnqueueAll() {
	a.all.EnqueueAll()
}

// WindowAccepted reports whether the next pod of a workload should have its drain window. An attempt to create one is counted.
func (a *Admission) WindowAccepted(namespace string, owner types.UID, attempt bool) bool {
	if !attempt {
		return !a.windows.known(workload{namespace, owner})
	}
	return a.windows.accepted(workload{namespace, owner}, time.Now())
}

// OptedIn reports whether a namespace has opted in.
func (a *Admission) OptedIn(namespace string) bool {
	return a.stores.OptedIn(namespace)
}

// MayOptIn reports whether the label has an effect in a namespace.
func (a *Admission) MayOptIn(namespace string) bool {
	return a.stores.MayOptIn(namespace)
}

// Selecting returns the opted-in Services (namespace label and annotation) that select pods with these labels.
func (a *Admission) Selecting(namespace string, podLabels map[string]string) []*corev1.Service {
	if !a.stores.OptedIn(namespace) {
		return nil
	}
	return wantingLeader(a.stores.ServicesSelecting(namespace, podLabels))
}

// Wanting returns the opted-in Services that ask for a leader Service of this name.
func (a *Admission) Wanting(namespace, leaderService string) []*corev1.Service {
	if !a.stores.OptedIn(namespace) {
		return nil
	}
	return wantingLeader(a.stores.ServicesWanting(types.NamespacedName{Namespace: namespace, Name: leaderService}))
}

// Enabled returns the Services of a namespace that are to have a leader Service, whether or not the namespace has opted in.
func (a *Admission) Enabled(namespace string) []*corev1.Service {
	return wantingLeader(a.stores.EnabledServices(namespace))
}

// Taken returns the Service that has the name of a leader Service and is not the leader Service of the source with this name and UID. It
// returns nil when the name is free. It also returns nil for a leader Service that no Service controls any longer (it was restored from a
// backup, or its Service was deleted and created again), because the source adopts it. It also returns nil for one whose source has the same name: a
// create of a Service that exists has another UID, and the API server itself says that it exists.
func (a *Admission) Taken(namespace, leaderService, source string, sourceUID types.UID) *corev1.Service {
	named := a.stores.Service(types.NamespacedName{Namespace: namespace, Name: leaderService})
	asking := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: source, UID: sourceUID}}
	if owner := controllingService(named); owner != nil && owner.Name == source {
		return nil
	}
	if named == nil || named.DeletionTimestamp != nil ||
		leaderslice.ControlledByUID(named, sourceUID) || a.stores.Adoptable(named) && a.stores.OtherOwner(named, asking) == nil {
		return nil
	}
	return named
}

// controllingService returns the Service that controls another one; nil if none does.
func controllingService(service *corev1.Service) *metav1.OwnerReference {
	if service == nil {
		return nil
	}
	if owner := metav1.GetControllerOfNoCopy(service); owner != nil && leaderslice.IsService(owner) {
		return owner
	}
	return nil
}

// LeaderSpec returns the spec that Tanist gives to a leader Service. It returns nil for a Service that is not, or no longer, the leader
// Service of a known Service.
func (a *Admission) LeaderSpec(namespace string, leaderService *corev1.Service) *corev1.ServiceSpec {
	owner := controllingService(leaderService)
	if owner == nil || !a.stores.OptedIn(namespace) {
		return nil
	}
	source := a.stores.Service(types.NamespacedName{Namespace: namespace, Name: owner.Name})
	if !store.WantsLeader(source) || source.UID != owner.UID {
		return nil
	}
	_, options, _ := a.stores.LeaderServiceOf(source)
	if options.LeaderService != leaderService.Name {
		return nil
	}
	return &leaderservice.Mirror(leaderService, source, options, leaderslice.State{}).Spec
}

// TypeRefused returns the API server's refusal of the type that a Service asks for its leader Service. It returns nil if the API server accepts
// it, does not answer within half a second, or has been asked too often.
func (a *Admission) TypeRefused(ctx context.Context, source *corev1.Service, options config.Options) error {
	if !a.trials.Allow() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	return a.types.TryType(ctx, source, options)
}

// wantingLeader returns those of the Services that are to have a leader Service.
func wantingLeader(services []*corev1.Service) []*corev1.Service {
	var all []*corev1.Service
	for _, service := range services {
		if store.WantsLeader(service) {
			all = append(all, service)
		}
	}
	return all
}
