package report

import (
	"context"
	"maps"
	"slices"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/leases"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// objects are those of the namespaces that the report is about, as far as the user may read them.
type objects struct {
	services  []*corev1.Service
	slices    []*discoveryv1.EndpointSlice
	pods      []*corev1.Pod
	podsKnown bool
	events    []*corev1.Event
	leases    status.Leases
}

// services adds the Services that ask for a leader, with what belongs to them, and what `kubectl tanist get` says of them.
func (c *collector) services(ctx context.Context) {
	core := c.client.CoreV1()
	var all objects
	services, err := core.Services(c.namespace).List(ctx, list)
	if c.archive.missing("Services, and everything about them", err) {
		return
	}
	all.services = status.Pointers(services.Items)
	if found, err := c.client.DiscoveryV1().EndpointSlices(c.namespace).List(ctx, list); !c.archive.missing("EndpointSlices", err) {
		all.slices = status.Pointers(found.Items)
	}
	if pods, err := core.Pods(c.namespace).List(ctx, list); !c.archive.missing("pods", err) {
		all.pods, all.podsKnown = status.Pointers(pods.Items), true
	}
	if events, err := core.Events(c.namespace).List(ctx, list); !c.archive.missing("Events", err) {
		all.events = status.Pointers(events.Items)
	}
	all.leases, err = leases.Read(ctx, c.client, all.followers())
	c.archive.missing("Leases that Services follow", err)
	observation := installation.Reader{Client: c.client, Namespace: c.tanistNamespace}.Observation(ctx)
	leaders := status.List{TypeMeta: metav1.TypeMeta{APIVersion: status.APIVersion, Kind: status.KindList}, Items: []status.Leader{}}
	for _, name := range all.namespaces() {
		namespace, err := core.Namespaces().Get(ctx, name, get)
		if c.archive.missing("Namespace "+name, err) {
			namespace = nil
		}
		some := all.in(name)
		c.namespaced(name, namespace, some)
		leaders.Items = append(leaders.Items, some.leaders(namespace, observation)...)
	}
	c.archive.object("leaders.json", leaders)
}

// namespaced adds the objects of one namespace.
func (c *collector) namespaced(name string, namespace *corev1.Namespace, o objects) {
	folder := "namespaces/" + name + "/"
	if namespace != nil {
		c.archive.object(folder+"namespace.json", namespaceOf(namespace))
	}
	services, endpointSlices, pods := o.asking(), o.slicesOfLeaders(), o.selected()
	included := map[objectKey]bool{}
	for _, s := range services {
		included[objectKey{"Service", s.Name}] = true
	}
	for _, s := range endpointSlices {
		included[objectKey{"EndpointSlice", s.Name}] = true
	}
	for _, p := range pods {
		included[objectKey{"Pod", p.Name}] = true
	}
	c.archive.object(folder+"services.json", each(services, serviceOf))
	c.archive.object(folder+"endpointslices.json", each(endpointSlices, sliceOf))
	c.archive.object(folder+"pods.json", each(pods, podOf))
	if followed := o.followed(); len(followed) > 0 {
		c.archive.object(folder+"leases.json", each(followed, leaseOf))
	}
	c.archive.object(folder+"events.json", eventsAbout(name, included, o.events))
}

// asks reports whether a Service asks for a leader, or tried to.
func asks(s *corev1.Service) bool {
	value, annotated := s.Annotations[config.EnabledKey]
	return annotated && value != "false"
}

// isLeaderService reports whether a Service has the label or the annotations of a leader Service, or is controlled by a Service.
func isLeaderService(s *corev1.Service) bool {
	owner := metav1.GetControllerOfNoCopy(s)
	return s.Labels[config.SourceServiceKey] != "" || s.Annotations[config.TermKey] != "" || owner != nil && owner.Kind == "Service"
}

// namespaces returns those with a Service that asks for a leader, or with a leader Service, sorted.
func (o objects) namespaces() []string {
	names := sets.New[string]()
	for _, s := range o.asking() {
		names.Insert(s.Namespace)
	}
	return sets.List(names)
}

// in returns the objects of one namespace.
func (o objects) in(namespace string) objects {
	return objects{
		services: of(namespace, o.services), slices: of(namespace, o.slices), pods: of(namespace, o.pods), podsKnown: o.podsKnown,
		events: of(namespace, o.events), leases: o.leases,
	}
}

func of[T metav1.Object](namespace string, all []T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(object T) bool { return object.GetNamespace() != namespace })
}

// asking returns the Services that ask for a leader, the leader Services, and those that have the name of one.
func (o objects) asking() []*corev1.Service {
	wanted := map[[2]string]bool{}
	for _, s := range o.services {
		if asks(s) {
			options, _ := config.ParseOptions(s)
			wanted[[2]string{s.Namespace, options.LeaderService}] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(o.services), func(s *corev1.Service) bool {
		return !asks(s) && !isLeaderService(s) && !wanted[[2]string{s.Namespace, s.Name}]
	})
}

// followers returns the Services that ask for a leader and follow a Lease.
func (o objects) followers() []*corev1.Service {
	return slices.DeleteFunc(slices.Clone(o.services), func(s *corev1.Service) bool {
		_, follows := status.Follows(s)
		return !asks(s) || !follows
	})
}

// followed returns the Leases that they follow.
func (o objects) followed() []*coordinationv1.Lease {
	found := map[*coordinationv1.Lease]bool{}
	for _, s := range o.followers() {
		if followed := o.leases.Of(s); followed != nil && followed.Lease != nil {
			found[followed.Lease] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b *coordinationv1.Lease) int { return strings.Compare(a.Name, b.Name) })
}

// slicesOfLeaders returns the EndpointSlices of leader Services, whoever made them, and Tanist's.
func (o objects) slicesOfLeaders() []*discoveryv1.EndpointSlice {
	names := map[string]bool{}
	for _, s := range o.asking() {
		names[s.Name] = !asks(s)
	}
	return slices.DeleteFunc(slices.Clone(o.slices), func(s *discoveryv1.EndpointSlice) bool {
		return !names[s.Labels[discoveryv1.LabelServiceName]] && s.Labels[discoveryv1.LabelManagedBy] != config.SliceManagedBy
	})
}

// selected returns the pods that the Services with a leader select, and those that EndpointSlices of leaders name.
func (o objects) selected() []*corev1.Pod {
	found := map[*corev1.Pod]bool{}
	for _, s := range o.services {
		if asks(s) {
			for _, pod := range status.Selected(s, o.pods) {
				found[pod] = true
			}
		}
	}
	for _, s := range o.slicesOfLeaders() {
		for i := range s.Endpoints {
			for _, pod := range o.pods {
				if ref := s.Endpoints[i].TargetRef; ref != nil && ref.UID == pod.UID {
					found[pod] = true
				}
			}
		}
	}
	pods := slices.DeleteFunc(slices.Clone(o.pods), func(pod *corev1.Pod) bool { return !found[pod] })
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return pods
}

// leaders returns what `kubectl tanist get` says of the Services that ask for a leader.
func (o objects) leaders(namespace *corev1.Namespace, observation status.Observation) []status.Leader {
	in := status.Objects{
		Services: o.services, Slices: o.slices, Pods: o.pods, PodsKnown: o.podsKnown, Observation: observation, Leases: o.leases,
		Events: slices.DeleteFunc(slices.Clone(o.events), func(e *corev1.Event) bool { return reporterOf(e) != config.ManagedBy }),
	}
	if namespace != nil {
		in.Namespace = namespace
	}
	var all []status.Leader
	for _, s := range o.services {
		if asks(s) {
			in.Service = s
			all = append(all, status.Of(in))
		}
	}
	return all
}
