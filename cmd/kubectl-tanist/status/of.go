package status

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// Of describes a Service.
func Of(o Objects) Leader {
	options, wrong := config.ParseOptions(o.Service)
	l := Leader{
		TypeMeta:  metav1.TypeMeta{APIVersion: APIVersion, Kind: KindLeader},
		Namespace: o.Service.Namespace, Service: o.Service.Name,
		Options: optionsOf(options, wrong),
	}
	f := findings{Objects: o, wrong: wrong, wanted: options}
	f.leaderService = LeaderServiceOf(o.Service, options.LeaderService, o.Services)
	f.pods = Selected(o.Service, o.Pods)
	if o.PodsKnown {
		l.Candidates = count(f.pods)
	}
	if f.leaderService != nil {
		l.LeaderService = f.leaderService.Name
		l.Slices = slicesOf(f.leaderService, o.Slices)
		leadership := LeadershipOf(f.leaderService, o.Slices)
		l.Leader, l.Term, l.Reason, l.Since = leadership.Leader, leadership.Term, leadership.Reason, leadership.Since
		l.Successor, l.SuccessorPending = Successor(f.leaderService, leadership)
	}
	f.leaderPod = podOf(l.Leader, f.pods)
	if l.Leader != nil && o.PodsKnown {
		l.Leader.State = stateOf(f.leaderPod)
	}
	describe(l.Leader, f.leaderPod)
	l.Watched = f.watched(l)
	l.Warnings = f.warnings(l)
	return l
}

// LeaderServiceOf returns the leader Service that Tanist has created for a Service; nil if there is none. It prefers the one with the
// wanted name, and takes any other: the name in the annotation may have just changed, or be wrong.
func LeaderServiceOf(source *corev1.Service, wanted string, services []*corev1.Service) *corev1.Service {
	var found *corev1.Service
	for _, service := range services {
		if service.Namespace != source.Namespace || !Made(service, source) {
			continue
		}
		if found == nil || service.Name == wanted || found.Name != wanted && service.Name < found.Name {
			found = service
		}
	}
	return found
}

// Made reports whether Tanist created a Service for the source. As in Tanist, only the controller reference counts, because users edit
// labels.
func Made(service, source *corev1.Service) bool {
	owner := metav1.GetControllerOfNoCopy(service)
	return owner != nil && owner.UID == source.UID && owner.Kind == "Service"
}

// SourceOf returns the name of the Service that a leader Service was created for. It is empty for any other Service.
func SourceOf(service *corev1.Service) string {
	if owner := metav1.GetControllerOfNoCopy(service); owner != nil && owner.Kind == "Service" {
		return owner.Name
	}
	return service.Labels[config.SourceServiceKey]
}

// Source returns the Service with a name. It replaces a leader Service by the Service that it was created for. It returns nil if there is none.
func Source(services []*corev1.Service, name string) *corev1.Service {
	service := serviceNamed(services, name)
	if service == nil {
		return nil
	}
	if source := serviceNamed(services, SourceOf(service)); source != nil && Made(service, source) {
		return source
	}
	return service
}

func serviceNamed(services []*corev1.Service, name string) *corev1.Service {
	for _, service := range services {
		if service.Name == name {
			return service
		}
	}
	return nil
}

// madeSlice reports whether Tanist created an EndpointSlice for this leader Service. The slices that Kubernetes creates for a Service
// with a selector have the same controller reference.
func madeSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	owner := metav1.GetControllerOfNoCopy(slice)
	return owner != nil && owner.UID == leaderService.UID && slice.Labels[discoveryv1.LabelManagedBy] != endpointSliceController
}

// Selected returns the pods that a Service selects, except those that have finished.
func Selected(service *corev1.Service, pods []*corev1.Pod) []*corev1.Pod {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	var found []*corev1.Pod
	for _, pod := range pods {
		finished := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if pod.Namespace == service.Namespace && !finished && selector.Matches(labels.Set(pod.Labels)) {
			found = append(found, pod)
		}
	}
	return found
}

func count(pods []*corev1.Pod) *Candidates {
	c := &Candidates{Total: len(pods)}
	for _, pod := range pods {
		if Ready(pod) {
			c.Ready++
		}
	}
	return c
}

// Ready reports whether a pod is Ready and not being deleted.
func Ready(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// podOf returns the leader's pod, by UID: another pod may have its name.
func podOf(leader *Pod, pods []*corev1.Pod) *corev1.Pod {
	for _, pod := range pods {
		if leader != nil && pod.UID == leader.UID {
			return pod
		}
	}
	return nil
}

// stateOf returns the state of a pod; nil is a pod that is gone.
func stateOf(pod *corev1.Pod) PodState {
	switch {
	case pod == nil:
		return PodGone
	case pod.DeletionTimestamp != nil:
		return PodTerminating
	case Ready(pod):
		return PodReady
	}
	return PodNotReady
}

// describe adds what is read from the pod.
func describe(leader *Pod, pod *corev1.Pod) {
	if leader == nil || pod == nil {
		return
	}
	leader.Node = pod.Spec.NodeName
	leader.Revision = cmp.Or(pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey], pod.Labels[appsv1.ControllerRevisionHashLabelKey])
	window, ownHook := config.DrainWindowOf(&pod.Spec)
	leader.DrainWindow, leader.OwnPreStop = window.String(), ownHook
}

// optionsOf returns the options, except those that are wrong.
func optionsOf(options config.Options, wrong field.ErrorList) Options {
	bad := func(key string) bool { return slices.Contains(wrongKeys(wrong), key) }
	o := Options{PreferredLeader: options.PreferredLeader, SameController: options.SameController.String()}
	if !bad(config.StrategyKey) {
		o.Strategy = string(options.Strategy)
	}
	if !bad(config.StickyKey) {
		o.Sticky = &options.Sticky
	}
	if !bad(config.MinReadyKey) {
		o.MinReady = options.MinReady.String()
	}
	if !bad(config.NotReadyGraceKey) {
		o.NotReadyGrace = options.NotReadyGrace.String()
	}
	if !bad(config.ProbeKey) {
		o.Probe = "off"
		if options.ProbePods {
			o.Probe = "auto"
		}
	}
	o.wishes(options)
	o.DrainWindow, o.LossAfter, o.FreezeAfter = text(options.DrainWindow), text(options.LossAfter), text(options.FreezeAfter)
	return o
}

// text formats a duration that an annotation may ask for. It is empty if none does.
func text(d *time.Duration) string {
	if d == nil {
		return ""
	}
	return d.String()
}
