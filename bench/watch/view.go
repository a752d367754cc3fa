package watch

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/watch"
)

// View is what two independent watches, on pods and on EndpointSlices, have seen of the leader Services of one namespace.
type View struct {
	// cond guards all fields below. It is broadcast after every change.
	cond cond
	// services has an entry per leader Service, by name. Pods and slices of other Services are ignored.
	services map[string]*service
	// serviceOf returns the leader Service that a pod may lead.
	serviceOf func(*corev1.Pod) string
	// podsFailed and slicesFailed are why the watch on pods and that on slices failed last; nil if it has delivered anything since.
	podsFailed, slicesFailed error
}

// service is one leader Service in a View.
type service struct {
	pods map[types.UID]Pod
	// unreadySince is when a pod last stopped being ready, or disappeared while it was ready.
	unreadySince map[types.UID]time.Time
	// leaderBySlice is the leader that each slice names, by the slice's name: there is one slice per IP family.
	leaderBySlice map[string]types.UID
	// changes are the changes of leader, oldest first. It only grows during a run, so that an index into it stays valid.
	changes []LeaderChange
	// unchangedSince is when the leader last changed, a pod became or stopped being able to lead, or a pod disappeared.
	unchangedSince time.Time
}

// LeaderChange is one change of leader as the watch on slices saw it.
type LeaderChange struct {
	At time.Time
	// UID and Name are the new leader's; empty when nobody leads.
	UID  types.UID
	Name string
	// Term and Reason are Tanist's annotations on the slice; zero on a slice without them.
	Term   int64
	Reason string
}

// NewView returns a View of some leader Services. serviceOf returns which of them a pod may lead.
func NewView(serviceOf func(*corev1.Pod) string, services ...string) *View {
	v := &View{services: map[string]*service{}, serviceOf: serviceOf}
	for _, name := range services {
		v.services[name] = &service{
			pods: map[types.UID]Pod{}, unreadySince: map[types.UID]time.Time{}, leaderBySlice: map[string]types.UID{},
		}
	}
	return v
}

// lastChange returns the last change of leader, the zero value before the first.
func (s *service) lastChange() LeaderChange {
	if len(s.changes) == 0 {
		return LeaderChange{}
	}
	return s.changes[len(s.changes)-1]
}

// append records a change of leader.
func (s *service) append(change LeaderChange) {
	s.unchangedSince = change.At
	s.changes = append(s.changes, change)
}

// sortedPods returns the pods of a Service by name.
func (s *service) sortedPods() []Pod {
	pods := make([]Pod, 0, len(s.pods))
	for _, pod := range s.pods {
		pods = append(pods, pod)
	}
	slices.SortFunc(pods, Pod.byName)
	return pods
}

// podHandler adds to a View what the watch on pods sees.
type podHandler struct{ *View }

func (h podHandler) Replace(at time.Time, objects []runtime.Object) {
	h.cond.Lock()
	defer h.cond.Unlock()
	h.podsFailed = nil
	listed := sets.New[types.UID]()
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok {
			listed.Insert(pod.UID)
			h.update(at, pod)
		}
	}
	for _, service := range h.services {
		for uid := range service.pods {
			if !listed.Has(uid) {
				service.remove(at, uid)
			}
		}
	}
	h.cond.broadcast()
}

func (h podHandler) Event(at time.Time, eventType watch.EventType, object runtime.Object) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	h.cond.Lock()
	defer h.cond.Unlock()
	h.podsFailed = nil
	if eventType == watch.Deleted {
		if service := h.services[h.serviceOf(pod)]; service != nil {
			service.remove(at, pod.UID)
		}
	} else {
		h.update(at, pod)
	}
	h.cond.broadcast()
}

func (h podHandler) Failed(err error) {
	h.cond.Lock()
	defer h.cond.Unlock()
	h.podsFailed = err
	h.cond.broadcast()
}

func (h podHandler) update(at time.Time, pod *corev1.Pod) {
	service := h.services[h.serviceOf(pod)]
	if service == nil {
		return
	}
	before, now := service.pods[pod.UID], podOf(pod)
	service.pods[pod.UID] = now
	if before.ready && !now.ready {
		service.unreadySince[pod.UID] = at
	}
	if before.canLead() != now.canLead() {
		service.unchangedSince = at
	}
}

func (s *service) remove(at time.Time, uid types.UID) {
	before, known := s.pods[uid]
	if !known {
		return
	}
	delete(s.pods, uid)
	if before.ready {
		s.unreadySince[uid] = at
	}
	s.unchangedSince = at
}
