package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// view is what two independent watches, on pods and on EndpointSlices, have seen of one namespace. It sees Tanist's Services
// and the floor's alike, and neither of them takes part in it.
type view struct {
	bell
	// services has an entry per leader Service, by name; pods and slices of others are not looked at.
	services map[string]*serviceView
	// serviceOf says which leader Service a pod may lead.
	serviceOf func(*corev1.Pod) string
	// broken is why a watch broke, until a list has caught up: for a message when nothing more is seen.
	broken error
}

// serviceView is one leader Service in a view.
type serviceView struct {
	pods map[types.UID]podState
	// lost says when a pod was last seen to stop being ready, or to be gone.
	lost map[types.UID]time.Time
	// slices is the pod that leads according to each slice, by the slice's name: there is one slice per IP family.
	slices map[string]types.UID
	// moves are the changes of leader, oldest first; never shortened during a run.
	moves []move
	// disturbed is when the leader last changed, or which pods are ready or there at all.
	disturbed time.Time
}

// move is one change of leader as the slice's watch saw it.
type move struct {
	at time.Time
	// to and name are the new leader's; empty: nobody leads.
	to   types.UID
	name string
	// term and reason are Tanist's annotations on the slice; zero for a slice that has none.
	term   int64
	reason string
}

func newView(serviceOf func(*corev1.Pod) string, services ...string) *view {
	v := &view{services: map[string]*serviceView{}, serviceOf: serviceOf}
	for _, service := range services {
		v.services[service] = &serviceView{
			pods: map[types.UID]podState{}, lost: map[types.UID]time.Time{}, slices: map[string]types.UID{},
		}
	}
	return v
}

// start opens the watches: pods by the labels of the workload, slices by theirs. It returns once both have their first list.
func (v *view) start(ctx context.Context, client kubernetes.Interface, namespace, podLabels, sliceLabels string) error {
	if _, err := follow(ctx, client.CoreV1().Pods(namespace), metav1.ListOptions{LabelSelector: podLabels}, podsOf{v}); err != nil {
		return fmt.Errorf("failed to watch pods: %w", err)
	}
	slicesOf := slicesOf{v}
	opts := metav1.ListOptions{LabelSelector: sliceLabels}
	if _, err := follow(ctx, client.DiscoveryV1().EndpointSlices(namespace), opts, slicesOf); err != nil {
		return fmt.Errorf("failed to watch EndpointSlices: %w", err)
	}
	return nil
}

func (v *view) trouble(err error) {
	v.Lock()
	defer v.Unlock()
	v.broken = err
	v.ring()
}

// leader is the last change of leader, the zero value before the first.
func (s *serviceView) leader() move {
	if len(s.moves) == 0 {
		return move{}
	}
	return s.moves[len(s.moves)-1]
}

// podsOf feeds pods to a view.
type podsOf struct{ *view }

func (v podsOf) replace(at time.Time, objects []runtime.Object) {
	v.Lock()
	defer v.Unlock()
	v.broken = nil
	listed := map[types.UID]bool{}
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok {
			listed[pod.UID] = true
			v.see(at, pod)
		}
	}
	for _, service := range v.services {
		for uid := range service.pods {
			if !listed[uid] {
				service.drop(at, uid)
			}
		}
	}
	v.ring()
}

func (v podsOf) event(at time.Time, kind watch.EventType, object runtime.Object) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	v.Lock()
	defer v.Unlock()
	if kind == watch.Deleted {
		if service := v.services[v.serviceOf(pod)]; service != nil {
			service.drop(at, pod.UID)
		}
	} else {
		v.see(at, pod)
	}
	v.ring()
}

func (v podsOf) see(at time.Time, pod *corev1.Pod) {
	service := v.services[v.serviceOf(pod)]
	if service == nil {
		return
	}
	before, now := service.pods[pod.UID], podStateOf(pod)
	service.pods[pod.UID] = now
	if before.ready && !now.ready {
		service.lost[pod.UID] = at
	}
	if before.fit() != now.fit() {
		service.disturbed = at
	}
}

func (s *serviceView) drop(at time.Time, uid types.UID) {
	before, known := s.pods[uid]
	if !known {
		return
	}
	delete(s.pods, uid)
	if before.ready {
		s.lost[uid] = at
	}
	s.disturbed = at
}

// slicesOf feeds EndpointSlices to a view.
type slicesOf struct{ *view }

func (v slicesOf) replace(at time.Time, objects []runtime.Object) {
	v.Lock()
	defer v.Unlock()
	v.broken = nil
	listed := map[string]bool{}
	for _, object := range objects {
		if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
			listed[slice.Name] = true
			v.see(at, slice, readyEndpoint(slice))
		}
	}
	for _, service := range v.services {
		for name := range service.slices {
			if !listed[name] {
				delete(service.slices, name)
				service.settleNobody(at)
			}
		}
	}
	v.ring()
}

func (v slicesOf) event(at time.Time, kind watch.EventType, object runtime.Object) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok {
		return
	}
	v.Lock()
	defer v.Unlock()
	if kind == watch.Deleted {
		v.see(at, slice, corev1.ObjectReference{})
	} else {
		v.see(at, slice, readyEndpoint(slice))
	}
	v.ring()
}

// see notes a slice's leader. The first slice that names another pod is the move; the slice of the other IP family follows.
func (v slicesOf) see(at time.Time, slice *discoveryv1.EndpointSlice, leader corev1.ObjectReference) {
	service := v.services[slice.Labels[discoveryv1.LabelServiceName]]
	if service == nil {
		return
	}
	before := service.slices[slice.Name]
	service.slices[slice.Name] = leader.UID
	switch {
	case leader.UID == before || leader.UID == service.leader().to:
	case leader.UID == "":
		service.settleNobody(at)
	default:
		service.disturbed = at
		service.moves = append(service.moves, moveOf(at, slice, leader))
	}
}

// settleNobody notes that nobody leads, once no slice has a leader any more.
func (s *serviceView) settleNobody(at time.Time) {
	for _, leader := range s.slices {
		if leader != "" {
			return
		}
	}
	if s.leader().to != "" {
		s.disturbed = at
		s.moves = append(s.moves, move{at: at})
	}
}

// sortedPods are the pods of a Service by name.
func (s *serviceView) sortedPods() []podState {
	pods := make([]podState, 0, len(s.pods))
	for _, pod := range s.pods {
		pods = append(pods, pod)
	}
	slices.SortFunc(pods, podState.byName)
	return pods
}
