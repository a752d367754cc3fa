package reconciler

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/grant/server"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// addGrants makes the manager tell pods whether they lead, if there is an address to do so.
func (o *Options) addGrants(ctx context.Context, mgr manager.Manager, live client.Reader, stores *store.Stores, watched *store.Watched) error {
	if cmp.Or(o.Grants.Address, "0") == "0" {
		return nil
	}
	var reviewer server.Reviewer
	withTokens := cmp.Or(o.Grants.TLSAddress, "0") != "0"
	if withTokens {
		reviewer = grantReviewer{reviews: newHedge[client.Writer](mgr.GetClient(), o.Observation.Hedge)}
	}
	replicas, err := watchReplicas(ctx, o.Observation.Pod, watched.Replicas)
	if err != nil {
		return err
	}
	var loaded atomic.Bool
	grants, err := server.New(server.Options{
		Cluster: &grantCluster{stores: stores, replicaPods: replicas}, Reader: grantReader{live: live, stores: stores}, Reviewer: reviewer,
		Registerer: o.Registerer,
		Duration: func() time.Duration {
			if !loaded.Load() {
				return 0
			}
			return o.Tuning.Load().Grant.Duration.Duration
		},
	})
	if err != nil {
		return err
	}
	// Nothing is recorded, and nobody is answered, before the tuning is known: another duration would then count as a change of it.
	started := o.Started
	o.Started = func(tuning config.Tuning) {
		loaded.Store(true)
		noteSlices(watched.Namespaced, grants)
		notePods(watched.Namespaced, grants)
		started(tuning)
	}
	if withTokens {
		if err := grants.AddTLSTo(mgr, o.Grants.TLSAddress, o.Grants.Certificate); err != nil {
			return err
		}
	}
	return grants.AddTo(mgr, o.Grants.Address)
}

// grantCluster is what the server of grants knows of the cluster: it implements server.Cluster.
type grantCluster struct {
	stores *store.Stores
	*replicaPods
}

// CallerAt implements server.Cluster.
func (g *grantCluster) CallerAt(address netip.Addr) (server.Caller, bool) {
	pods := g.stores.PodsAt(address.String())
	if len(pods) != 1 || pods[0].Spec.HostNetwork {
		return server.Caller{}, false
	}
	return g.caller(pods[0]), true
}

// CallerNamed implements server.Cluster.
func (g *grantCluster) CallerNamed(named server.Pod) (server.Caller, bool) {
	pod := g.stores.Pod(types.NamespacedName{Namespace: named.Namespace, Name: named.Name})
	if pod == nil || string(pod.UID) != named.UID {
		return server.Caller{}, false
	}
	return g.caller(pod), true
}

// caller returns what is known of a pod.
func (g *grantCluster) caller(pod *corev1.Pod) server.Caller {
	caller := server.Caller{Pod: server.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID)}}
	for _, source := range g.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
		if service, ok := g.service(source, pod); ok {
			caller.Services = append(caller.Services, service)
		}
	}
	slices.SortFunc(caller.Services, func(a, b server.Service) int { return cmp.Compare(a.Name, b.Name) })
	caller.Services = slices.CompactFunc(caller.Services, func(a, b server.Service) bool { return a.Name == b.Name })
	return caller
}

// service returns what the informers know about a Service of the pod; false if it has no leader Service of ours.
func (g *grantCluster) service(source *corev1.Service, pod *corev1.Pod) (server.Service, bool) {
	if !g.stores.Serves(source) {
		return server.Service{}, false
	}
	leaderService, _, _ := g.stores.LeaderServiceOf(source)
	if leaderService == nil || !g.stores.ServedByUs(leaderService) || len(leaderService.Spec.IPFamilies) == 0 {
		return server.Service{}, false
	}
	service := server.Service{
		Name: source.Name, LeaderService: leaderService.Name,
		Slice: types.NamespacedName{Namespace: source.Namespace, Name: leaderslice.Name(leaderService.Name, leaderslice.PrimaryFamily(leaderService))},
	}
	if slice := g.stores.Slice(service.Slice); slice != nil {
		view := viewOf(&slice.ObjectMeta)
		service.Leader, service.Term = slice.Annotations[config.LeaderKey], view.Term
		service.Leads = view.Leader != "" && view.Leader == string(pod.UID)
	}
	return service, true
}

// noteSlices tells the server what the slices of leaders say.
func noteSlices(watched *informers.Informers, grants *server.Server) {
	note := func(object any) {
		if slice, ok := object.(*discoveryv1.EndpointSlice); ok && slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy {
			grants.Note(client.ObjectKeyFromObject(slice), viewOf(&slice.ObjectMeta))
		}
	}
	watched.Handle(store.KindSlices, toolscache.ResourceEventHandlerFuncs{
		AddFunc: note, UpdateFunc: func(_, object any) { note(object) },
		DeleteFunc: func(object any) {
			if key, err := toolscache.DeletionHandlingObjectToName(object); err == nil {
				grants.Gone(types.NamespacedName{Namespace: key.Namespace, Name: key.Name})
			}
		},
	})
}

// notePods tells the server of pods, which may have asked before they were known.
func notePods(watched *informers.Informers, grants *server.Server) {
	note := func(object any) {
		if gone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		pod, ok := object.(*corev1.Pod)
		if !ok {
			return
		}
		addresses := make([]netip.Addr, 0, 2)
		for _, ip := range pod.Status.PodIPs {
			if address, err := netip.ParseAddr(ip.IP); err == nil {
				addresses = append(addresses, address)
			}
		}
		grants.NotePod(server.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID)}, addresses)
	}
	watched.Handle(store.KindPods, toolscache.ResourceEventHandlerFuncs{
		AddFunc: note, UpdateFunc: func(_, object any) { note(object) }, DeleteFunc: note,
	})
}
