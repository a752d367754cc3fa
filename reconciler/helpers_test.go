package reconciler

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// webService is an opted-in Service as the API server returns it.
func webService(changes ...func(*corev1.Service)) *corev1.Service {
	single := corev1.IPFamilyPolicySingleStack
	return changed(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "web-uid", ResourceVersion: "10",
			CreationTimestamp: metav1.NewTime(t0.Add(-time.Hour)),
			Annotations:       map[string]string{config.EnabledKey: "true"},
		},
		Spec: corev1.ServiceSpec{
			Type:           corev1.ServiceTypeClusterIP,
			Selector:       map[string]string{"app": "web"},
			Ports:          []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("web")}},
			IPFamilies:     []corev1.IPFamily{corev1.IPv4Protocol},
			IPFamilyPolicy: &single,
		},
	}, changes)
}

// leaderOf is a Service's leader Service as it should be.
func leaderOf(source *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
	service := mirror(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: source.Namespace, Name: source.Name + "-leader"}}, source, cache.State{})
	service.UID, service.ResourceVersion = types.UID(source.Name+"-leader-uid"), "20"
	service.Spec.ClusterIP, service.Spec.ClusterIPs = "10.0.0.7", []string{"10.0.0.7"}
	return changed(service, changes)
}

func dualStack(policy corev1.IPFamilyPolicy) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
		s.Spec.IPFamilyPolicy = &policy
	}
}

// readyPod is a pod that web selects, with a readiness probe, ready for a minute.
func readyPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	return changed(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "30",
			CreationTimestamp: metav1.NewTime(t0.Add(-time.Hour)), Labels: map[string]string{"app": "web"},
		},
		Spec: corev1.PodSpec{
			NodeName: "node-of-" + name, ReadinessGates: probeTrace,
			Containers: []corev1.Container{{
				Name: "main", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
			}},
		},
		Status: corev1.PodStatus{
			Phase:  corev1.PodRunning,
			PodIPs: []corev1.PodIP{{IP: "10.1.0." + name[len(name)-1:]}, {IP: "fd00::" + name[len(name)-1:]}},
			Conditions: []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(t0.Add(-time.Minute)),
			}},
		},
	}, changes)
}

func notReady(pod *corev1.Pod) {
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
}

func terminating(pod *corev1.Pod) {
	now := metav1.NewTime(t0)
	pod.DeletionTimestamp = &now
}

func disruptionTarget(pod *corev1.Pod) {
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue})
}

// leading is a state in which a pod leads.
func leading(pod string, term int64) cache.State {
	return cache.State{
		Leader: cache.Leader{UID: types.UID(pod + "-uid"), Name: pod, Node: "node-of-" + pod, Ready: true},
		Term:   term, Since: t0.Add(-time.Minute), Reason: "LeaderDeleted",
	}
}

// situationOf is what the holder of the Lease looks at when the slices of all families say what they should of a state.
func situationOf(state cache.State, pods []*corev1.Pod, changes ...func(*situation)) situation {
	source := webService()
	s := situation{
		source: source, leaderService: leaderOf(source), pods: pods,
		options: config.DefaultOptions("web"), tuning: config.DefaultTuning(),
		seen: cache.Basis{Pods: "30", Services: "20"}, authority: authorityAll,
	}
	for _, change := range changes {
		change(&s)
	}
	s.record = recordOf(s, state)
	return s
}

// recordOf is what the leader cache says when the slices are what a state asks for.
func recordOf(s situation, state cache.State) cache.Record {
	record := cache.Record{State: state, Highest: state.Term, Slices: map[string]cache.Slice{}}
	if state == (cache.State{}) {
		return record
	}
	content := sliceContent{
		source: s.source, leaderService: s.leaderService, state: state, basis: cache.Basis{Pods: "30", Services: "20"},
		pod: s.pod(state.Leader.UID),
	}
	if content.pod == nil && state.Leader.Name != "" {
		content.pod = readyPod(state.Leader.Name) // it is gone since
	}
	for i, family := range families(s.leaderService) {
		slice := content.slice(family)
		if i == 0 {
			slice = content.primary(family)
		}
		slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "40"
		record.Slices[slice.Name] = parseSlice(slice)
	}
	return record
}

// edited is a record whose IPv4 slice someone has changed.
func edited(edit func(*discoveryv1.EndpointSlice)) func(situation) situation {
	return func(s situation) situation {
		slice := s.record.Slices["web-leader-ipv4"].Object.DeepCopy()
		edit(slice)
		parsed := parseSlice(slice)
		s.record.Slices["web-leader-ipv4"] = parsed
		return s
	}
}

func changed[T any](object *T, changes []func(*T)) *T {
	for _, change := range changes {
		change(object)
	}
	return object
}

// dual is what the holder of the Lease looks at for a Service that needs both families, when the slices say what they should.
func dual(state cache.State, pods ...*corev1.Pod) situation {
	return situationOf(state, pods, func(s *situation) {
		s.source = webService(dualStack(corev1.IPFamilyPolicyRequireDualStack))
		s.leaderService = leaderOf(s.source)
	})
}

// onSlice changes one family's slice as someone else would.
func onSlice(family discoveryv1.AddressType, edit func(*discoveryv1.EndpointSlice)) func(*situation) {
	return func(s *situation) {
		name := sliceName(s.leaderService.Name, family)
		slice := s.record.Slices[name].Object.DeepCopy()
		edit(slice)
		s.record.Slices = maps.Clone(s.record.Slices)
		s.record.Slices[name] = parseSlice(slice)
	}
}

// withoutSlice takes one family's slice away.
func withoutSlice(family discoveryv1.AddressType) func(*situation) {
	return func(s *situation) {
		s.record.Slices = maps.Clone(s.record.Slices)
		delete(s.record.Slices, sliceName(s.leaderService.Name, family))
	}
}

// carryOut is what a replica sees once the first n writes of a plan, or all of them, are there.
func carryOut(s situation, p plan, n ...int) situation {
	s.record.Slices = maps.Clone(s.record.Slices)
	for i, write := range p.writes {
		if len(n) > 0 && i >= n[0] {
			break
		}
		slice := write.Desired.DeepCopy()
		if write.Current != nil {
			slice = replacing(write.Current, write.Desired)
		} else {
			slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "41"
		}
		s.record.Slices[slice.Name] = parseSlice(slice)
	}
	return s
}
