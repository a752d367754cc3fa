package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func controller(kind, name string, uid types.UID) []metav1.OwnerReference {
	yes, version := true, "v1"
	if kind != "Service" {
		version = "apps/v1"
	}
	return []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: name, UID: uid, Controller: &yes}}
}

// pod is ready, and has a readiness probe, a drain window and an address. All are of the same age.
func pod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web"},
			CreationTimestamp: metav1.NewTime(t0.Add(-time.Hour)), Annotations: map[string]string{},
		},
		Spec: corev1.PodSpec{NodeName: "node-of-" + name, RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{
			Name: "main", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
			ReadinessProbe: &corev1.Probe{
				ProbeHandler:   corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")}},
				TimeoutSeconds: 1, FailureThreshold: 3,
			},
			Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}},
		}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(t0.Add(-time.Minute))}},
		},
	}
	for _, change := range changes {
		change(p)
	}
	return p
}

func unready(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }

// outOfSight is a pod that Kubernetes has marked, because it does not hear from the node.
func outOfSight(p *corev1.Pod) {
	unready(p)
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionTrue})
}

func going(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: t0} }

func annotated(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations[key] = value }
}

// input has pod a as the leader of Service web, and b and c as candidates.
func input(changes ...func(*Input)) Input {
	source := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "web", Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http"), Protocol: corev1.ProtocolTCP}},
		},
	}
	leaderService := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-leader", UID: "boss", OwnerReferences: controller("Service", "web", "web"),
			Annotations: map[string]string{config.TermKey: "3", config.SuccessorKey: "b"},
		},
		Spec: corev1.ServiceSpec{IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}},
	}
	yes, node, http, port := true, "node-of-a", "", int32(8080)
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-leader-ipv4", OwnerReferences: controller("Service", "web-leader", "boss"),
			Labels: map[string]string{discoveryv1.LabelServiceName: "web-leader", discoveryv1.LabelManagedBy: config.SliceManagedBy},
			Annotations: map[string]string{
				config.TermKey: "3", config.LeaderKey: "a", config.LeaderSinceKey: t0.Add(-time.Hour).Format(time.RFC3339), config.ReasonKey: "LeaderDeleted",
			},
		},
		AddressType: discoveryv1.AddressTypeIPv4, Ports: []discoveryv1.EndpointPort{{Name: &http, Port: &port}},
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{"10.0.0.1"}, NodeName: &node, Conditions: discoveryv1.EndpointConditions{Ready: &yes},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "a", UID: "uid-a"},
		}},
	}
	in := Input{Tuning: config.DefaultTuning(), WorkloadsKnown: true}
	in.Service, in.Services, in.Slices = source, []*corev1.Service{source, leaderService}, []*discoveryv1.EndpointSlice{slice}
	in.Namespace = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "true"}}}
	in.Pods, in.PodsKnown = []*corev1.Pod{pod("a"), pod("b"), pod("c")}, true
	for _, change := range changes {
		change(&in)
	}
	return in
}

// with replaces pod c.
func with(changes ...func(*corev1.Pod)) func(*Input) {
	return func(in *Input) { in.Pods[2] = pod("c", changes...) }
}

// asking sets an annotation of the Service.
func asking(key, value string) func(*Input) {
	return func(in *Input) { in.Service.Annotations[key] = value }
}
