package trim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func longAnnotations(object metav1.Object) {
	object.SetAnnotations(map[string]string{config.EnabledKey: "true", config.StrategyKey: strings.Repeat("x", 200<<10)})
}

func manyOwners(object metav1.Object) {
	var owners []metav1.OwnerReference
	for i := range 5000 {
		owners = append(owners, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: fmt.Sprintf("owner-%d", i), UID: types.UID(fmt.Sprint(i))})
	}
	object.SetOwnerReferences(append(owners, object.GetOwnerReferences()...))
}

func longOwner(object metav1.Object) {
	object.SetOwnerReferences([]metav1.OwnerReference{{Kind: strings.Repeat("x", gen.Megabyte), Controller: new(true)}})
}

func TestWhatIsTooLargeIsLeftOut(t *testing.T) {
	pod := func(change func(*corev1.Pod)) client.Object { return gen.ReadyPod("a1", change) }
	service := func(change func(*corev1.Service)) client.Object { return gen.WebService(change) }
	slice := func(change func(*discoveryv1.EndpointSlice)) client.Object {
		return gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, change)
	}
	cases := map[string]struct {
		object client.Object
		marked bool
	}{
		"a pod's labels":       {object: pod(func(p *corev1.Pod) { gen.ManyLabels(p) }), marked: true},
		"a pod's annotations":  {object: pod(func(p *corev1.Pod) { longAnnotations(p) }), marked: true},
		"a pod's controller":   {object: pod(func(p *corev1.Pod) { longOwner(p) }), marked: true},
		"a pod's other owners": {object: pod(func(p *corev1.Pod) { manyOwners(p) })},
		"a pod's deletion cost": {object: pod(func(p *corev1.Pod) {
			p.Annotations = map[string]string{corev1.PodDeletionCost: strings.Repeat("1", gen.Megabyte)}
		})},
		"a pod's unnamed ports":   {object: pod(func(p *corev1.Pod) { p.Spec.Containers[0].Ports = make([]corev1.ContainerPort, 50_000) })},
		"a pod's named ports":     {object: pod(func(p *corev1.Pod) { p.Spec.Containers[0].Ports = namedPorts(5000) }), marked: true},
		"a pod's containers":      {object: pod(func(p *corev1.Pod) { p.Spec.Containers = containersWithPorts(5000) }), marked: true},
		"a pod's conditions":      {object: pod(func(p *corev1.Pod) { p.Status.Conditions = readyConditions(50_000) })},
		"a pod's reasons":         {object: pod(func(p *corev1.Pod) { p.Status.Conditions[0].Reason = strings.Repeat("x", gen.Megabyte) }), marked: true},
		"a pod's addresses":       {object: pod(func(p *corev1.Pod) { p.Status.PodIPs = make([]corev1.PodIP, 50_000) }), marked: true},
		"a Service's labels":      {object: service(func(s *corev1.Service) { gen.ManyLabels(s) }), marked: true},
		"a Service's annotations": {object: service(func(s *corev1.Service) { longAnnotations(s) }), marked: true},
		"a Service's owners":      {object: service(func(s *corev1.Service) { manyOwners(s) }), marked: true},
		"a Service's ports":       {object: service(func(s *corev1.Service) { s.Spec.Ports = make([]corev1.ServicePort, 50_000) }), marked: true},
		"a Service's selector":    {object: service(func(s *corev1.Service) { s.Spec.Selector = gen.Numbered("l", 16_000, gen.Megabyte) }), marked: true},
		"a Service's external IPs": {
			object: service(func(s *corev1.Service) { s.Spec.ExternalIPs = make([]string, 50_000) }), marked: true,
		},
		"a slice's labels":      {object: slice(func(s *discoveryv1.EndpointSlice) { gen.ManyLabels(s) }), marked: true},
		"a slice's annotations": {object: slice(func(s *discoveryv1.EndpointSlice) { longAnnotations(s) }), marked: true},
		"a slice's owners":      {object: slice(func(s *discoveryv1.EndpointSlice) { manyOwners(s) }), marked: true},
		"a slice's endpoints":   {object: slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints = make([]discoveryv1.Endpoint, 50_000) })},
		"a slice's ports":       {object: slice(func(s *discoveryv1.EndpointSlice) { s.Ports = make([]discoveryv1.EndpointPort, 20_000) }), marked: true},
		"a ReplicaSet's owners": {object: gen.ReplicaSet("r1", 3, func(m *metav1.PartialObjectMetadata) { manyOwners(m) })},
		"a ReplicaSet's owner":  {object: gen.ReplicaSet("r1", 3, func(m *metav1.PartialObjectMetadata) { longOwner(m) }), marked: true},
		"a ReplicaSet's labels": {object: gen.ReplicaSet("r1", 3, func(m *metav1.PartialObjectMetadata) { gen.ManyLabels(m) })},
		"a Namespace's labels":  {object: gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) { gen.ManyLabels(m) })},
		"a Namespace's owners":  {object: gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) { manyOwners(m) })},
		"a DaemonSet's generation": {object: func() client.Object {
			set := gen.DaemonSet("agent", 1)
			set.Annotations["deprecated.daemonset.template.generation"] = strings.Repeat("1", gen.Megabyte)
			return set
		}()},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			trimmed, err := Transform(test.object)
			if err != nil {
				t.Fatal(err)
			}
			if size := trimmed.(interface{ Size() int }).Size(); size > 80<<10 {
				t.Errorf("%d bytes are kept of it", size)
			}
			object := trimmed.(client.Object)
			before := object.DeepCopyObject()
			if again, err := Transform(trimmed); err != nil || !cmp.Equal(before, again) {
				t.Errorf("it is changed when it is trimmed again (%v):\n%s", err, cmp.Diff(before, again))
			}
			if TooLarge(object) != test.marked {
				t.Errorf("it is marked as too large: %t, want %t", !test.marked, test.marked)
			}
			if object.GetName() == "" || object.GetUID() == "" && object.GetNamespace() != "" {
				t.Errorf("its name or UID is lost: %+v", object)
			}
		})
	}
}

func namedPorts(count int) []corev1.ContainerPort {
	ports := make([]corev1.ContainerPort, count)
	for i := range ports {
		ports[i] = corev1.ContainerPort{Name: fmt.Sprintf("p%d", i), ContainerPort: int32(i + 1)}
	}
	return ports
}

func containersWithPorts(count int) []corev1.Container {
	containers := make([]corev1.Container, count)
	for i := range containers {
		containers[i] = corev1.Container{Name: fmt.Sprintf("c%d", i), Ports: namedPorts(1)}
	}
	return containers
}

func readyConditions(count int) []corev1.PodCondition {
	conditions := make([]corev1.PodCondition, count)
	for i := range conditions {
		conditions[i] = corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue}
	}
	return conditions
}

func TestLargeObjectsOfRealWorkloadsAreKept(t *testing.T) {
	pod := gen.ReadyPod("a1", func(p *corev1.Pod) {
		p.Labels = gen.Numbered("example.com/some-label-of-a-tool-", 60, 60*50)
		p.Spec.Containers[0].Ports = namedPorts(200)
	})
	if trimmed := Pod(pod); TooLarge(trimmed) || len(trimmed.Labels) != 60 || len(trimmed.Spec.Containers[0].Ports) != 200 {
		t.Error("a pod with 60 labels and 200 ports is not kept as it is")
	}
	service := gen.WebService(func(s *corev1.Service) { s.Spec.Ports = make([]corev1.ServicePort, 1000) })
	if trimService(service); TooLarge(service) || len(service.Spec.Ports) != 1000 {
		t.Error("a Service with 1,000 ports is not kept as it is")
	}
}

func TestAPodThatIsTooLargeKeepsItsShortestLabels(t *testing.T) {
	pod := gen.ReadyPod("a1", func(p *corev1.Pod) { gen.ManyLabels(p) })
	if diff := cmp.Diff(map[string]string{"app": "web"}, Pod(pod).Labels); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	if labels := shortest(gen.Numbered("l", maxLabels+1, 0)); len(labels) != 0 {
		t.Errorf("of labels of the same length, %d are kept: which ones differs between replicas", len(labels))
	}
}

func TestTheMarkCannotBeMadeUp(t *testing.T) {
	pod := gen.ReadyPod("a1", func(p *corev1.Pod) {
		gen.ManyLabels(p)
		p.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: tooLarge[0].Manager}}
	})
	trimmed, err := Transform(pod)
	if err != nil || len(trimmed.(*corev1.Pod).Labels) > maxLabels {
		t.Errorf("a pod that looks as if it had been trimmed keeps its labels (%v)", err)
	}
	small := gen.ReadyPod("b2", func(p *corev1.Pod) { p.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: tooLarge[0].Manager}} })
	if trimmed, err := Transform(small); err != nil || TooLarge(trimmed.(*corev1.Pod)) {
		t.Errorf("a small pod is taken for one that is too large (%v)", err)
	}
}
