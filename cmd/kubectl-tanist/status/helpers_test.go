package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func change[T any](object *T, changes []func(*T)) *T {
	for _, change := range changes {
		change(object)
	}
	return object
}

func controller(name string, uid types.UID) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: name, UID: uid, Controller: &yes}}
}

func web(changes ...func(*corev1.Service)) *corev1.Service {
	return change(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "web", Annotations: map[string]string{config.EnabledKey: "true"},
		},
		Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}, changes)
}

func boss(changes ...func(*corev1.Service)) *corev1.Service {
	return change(&corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web-leader", UID: "boss", Labels: map[string]string{config.SourceServiceKey: "web"},
		Annotations:     map[string]string{config.TermKey: "3", config.SuccessorKey: "b"},
		OwnerReferences: controller("web", "web"),
	}}, changes)
}

func shop(labels map[string]string) metav1.Object {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: labels}}
}

var enabled = map[string]string{config.EnabledKey: "true"}

// slice has a as the leader.
func slice(changes ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	return change(&discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-leader-ipv4", OwnerReferences: controller("web-leader", "boss"),
			Labels: map[string]string{
				discoveryv1.LabelServiceName: "web-leader", discoveryv1.LabelManagedBy: config.SliceManagedBy,
			},
			Annotations: map[string]string{
				config.TermKey: "3", config.LeaderKey: "a", config.LeaderSinceKey: t0.Format(time.RFC3339), config.ReasonKey: "LeaderDeleted",
			},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{endpoint("a", "10.0.0.1", true)},
		Ports:       []discoveryv1.EndpointPort{{Name: new(""), Port: new(int32(8080))}},
	}, changes)
}

func endpoint(pod, address string, ready bool) discoveryv1.Endpoint {
	node := "node-of-" + pod
	return discoveryv1.Endpoint{
		Addresses: []string{address}, NodeName: &node,
		Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Name: pod, UID: types.UID(pod)},
	}
}

func ipv6(s *discoveryv1.EndpointSlice) {
	s.Name, s.AddressType = "web-leader-ipv6", discoveryv1.AddressTypeIPv6
	s.Endpoints = []discoveryv1.Endpoint{endpoint("a", "fd00::1", true)}
}

func nobody(s *discoveryv1.EndpointSlice) {
	delete(s.Annotations, config.LeaderKey)
	s.Endpoints = nil
}

// pod is ready, and has a readiness probe and a drain window.
func pod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	return change(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name), Labels: map[string]string{"app": "web", "pod-template-hash": "7d4b"},
		},
		Spec: corev1.PodSpec{NodeName: "node-of-" + name, Containers: []corev1.Container{{
			Name: "main", ReadinessProbe: asks(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}), Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}, changes)
}

func asks(handler corev1.ProbeHandler) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: handler}
}

func unready(pod *corev1.Pod) { pod.Status.Conditions[0].Status = corev1.ConditionFalse }

func hookless(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle = nil }

// objects are those of a healthy Service.
func objects(changes ...func(*Objects)) Objects {
	o := Objects{
		Service: web(), Namespace: shop(enabled), Services: []*corev1.Service{web(), boss()},
		Slices: []*discoveryv1.EndpointSlice{slice()}, Pods: []*corev1.Pod{pod("a"), pod("b"), pod("c", unready)}, PodsKnown: true,
	}
	return *change(&o, changes)
}
