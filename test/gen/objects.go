package gen

import (
	"encoding/json"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

var T0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// WebService is an opted-in Service as the API server returns it.
func WebService(changes ...func(*corev1.Service)) *corev1.Service {
	single := corev1.IPFamilyPolicySingleStack
	return Changed(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "web-uid", ResourceVersion: "10",
			CreationTimestamp: metav1.NewTime(T0.Add(-time.Hour)),
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

// LeaderOf is a Service's leader Service as Tanist makes it.
func LeaderOf(source *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
	anywhere := corev1.ServiceInternalTrafficPolicyCluster
	return Changed(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: source.Namespace, Name: source.Name + "-leader", UID: types.UID(source.Name + "-leader-uid"), ResourceVersion: "20",
			Labels: map[string]string{config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: source.Name},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "Service", Name: source.Name, UID: source.UID, Controller: new(true),
			}},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, Ports: slices.Clone(source.Spec.Ports),
			IPFamilies: source.Spec.IPFamilies, IPFamilyPolicy: source.Spec.IPFamilyPolicy,
			SessionAffinity: corev1.ServiceAffinityNone, InternalTrafficPolicy: &anywhere,
			ClusterIP: "10.0.0.7", ClusterIPs: []string{"10.0.0.7"},
		},
	}, changes)
}

func DualStack(policy corev1.IPFamilyPolicy) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
		s.Spec.IPFamilyPolicy = &policy
	}
}

// ReadyPod is a pod that web selects, with a readiness probe, ready for a minute.
func ReadyPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	return Changed(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "30",
			CreationTimestamp: metav1.NewTime(T0.Add(-time.Hour)), Labels: map[string]string{"app": "web"},
		},
		Spec: corev1.PodSpec{
			NodeName: "node-of-" + name, ReadinessGates: []corev1.PodReadinessGate{{ConditionType: config.Domain + "/probed"}},
			Containers: []corev1.Container{{
				Name: "main", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
			}},
		},
		Status: corev1.PodStatus{
			Phase:  corev1.PodRunning,
			PodIPs: []corev1.PodIP{{IP: "10.1.0." + name[len(name)-1:]}, {IP: "fd00::" + name[len(name)-1:]}},
			Conditions: []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(T0.Add(-time.Minute)),
			}},
		},
	}, changes)
}

func NotReady(pod *corev1.Pod) {
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
}

func Terminating(pod *corev1.Pod) {
	now := metav1.NewTime(T0)
	pod.DeletionTimestamp = &now
}

func DisruptionTarget(pod *corev1.Pod) {
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue})
}

func Changed[T any](object *T, changes []func(*T)) *T {
	for _, change := range changes {
		change(object)
	}
	return object
}

func NamesOf[T metav1.Object](objects []T) []string {
	var names []string
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	slices.Sort(names)
	return names
}

func Namespaced(name string, change ...func(*metav1.PartialObjectMetadata)) *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	meta.Name, meta.Labels = name, map[string]string{config.EnabledKey: "true"}
	return Changed(meta, change)
}

func Annotated(keysAndValues ...string) *corev1.Service {
	return WebService(func(s *corev1.Service) {
		for i := 0; i < len(keysAndValues); i += 2 {
			s.Annotations[keysAndValues[i]] = keysAndValues[i+1]
		}
	})
}

// Remembering is a leader Service that remembers the annotations of a source.
func Remembering(source *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
	values, err := json.Marshal(config.LastGood(source, nil))
	if err != nil {
		panic(err)
	}
	return LeaderOf(WebService(), append([]func(*corev1.Service){func(s *corev1.Service) {
		s.Annotations = map[string]string{config.LastGoodKey: string(values)}
	}}, changes...)...)
}

var ShopWeb = types.NamespacedName{Namespace: "shop", Name: "web"}

// ResizedPod is a pod whose spec was changed until it has this generation, and whose container restarts when it is resized.
func ResizedPod(generation int64, restarts int32, last corev1.ContainerStateTerminated) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Generation = generation
		pod.Spec.Containers[0].ResizePolicy = []corev1.ContainerResizePolicy{
			{ResourceName: corev1.ResourceCPU, RestartPolicy: corev1.NotRequired}, {ResourceName: corev1.ResourceMemory, RestartPolicy: corev1.RestartContainer},
		}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "main", RestartCount: restarts, LastTerminationState: corev1.ContainerState{Terminated: &last},
		}}
	}
}

func PreStop(handler corev1.LifecycleHandler) *corev1.Lifecycle {
	return &corev1.Lifecycle{PreStop: &handler}
}
