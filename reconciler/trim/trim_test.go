package trim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestTrim(t *testing.T) {
	fields := []metav1.ManagedFieldsEntry{{Manager: "kubelet"}}
	annotations := map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}", config.PriorityKey: "1"}
	cases := map[string]struct{ object, want any }{
		"a pod keeps what elections use": {
			object: gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.ManagedFields, pod.Annotations, pod.Finalizers = fields, annotations, []string{"x"}
				pod.Spec.Volumes = []corev1.Volume{{Name: "data"}}
				pod.Spec.Containers[0].Image = "app"
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "other", Ports: []corev1.ContainerPort{{ContainerPort: 1}, {Name: "z", ContainerPort: 2}}})
				pod.Spec.InitContainers = []corev1.Container{
					{Name: "setup", Ports: []corev1.ContainerPort{{Name: "x"}}},
					{Name: "proxy", Image: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{{Name: "y", HostPort: 1}}},
				}
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady})
				pod.Annotations[corev1.PodDeletionCost] = "5"
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", RestartCount: 1}, {Name: "other", RestartCount: 2}}
				pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", RestartCount: 4}, {Name: "proxy", RestartCount: 8}}
			}),
			want: gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Annotations = map[string]string{config.PriorityKey: "1", corev1.PodDeletionCost: "5"}
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1}}
				pod.Spec.Containers[0].Name = ""
				pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "z", ContainerPort: 2})
				pod.Spec.InitContainers = []corev1.Container{
					{RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{{Name: "y"}}},
				}
			}),
		},
		"a pod keeps one hook for all its containers": {
			object: gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Annotations = map[string]string{config.DrainWindowAppliedKey: "4s"}
				pod.Spec.HostNetwork = true
				pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 9}})
				pod.Spec.Containers = append(pod.Spec.Containers,
					corev1.Container{Name: "unnamed", Ports: []corev1.ContainerPort{{ContainerPort: 1}},
						Lifecycle: gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 4}})},
					corev1.Container{Name: "quiet"})
			}),
			want: gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Spec.HostNetwork, pod.Spec.Containers[0].Name = true, ""
				pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 4}})
			}),
		},
		"a Lease keeps who holds it, and until when": {
			object: gen.LeaseHeldBy("a1_x", "7", func(l *coordinationv1.Lease) {
				l.ManagedFields, l.Annotations, l.Labels, l.Spec.LeaseTransitions = fields, annotations, annotations, new(int32(3))
			}),
			want: gen.LeaseHeldBy("a1_x", "7"),
		},
		"a Lease keeps the beginning of a long identity": {
			object: gen.LeaseHeldBy("a1_"+strings.Repeat("x", longestIdentity), "7"),
			want:   gen.LeaseHeldBy("a1_"+strings.Repeat("x", longestIdentity-3), "7"),
		},
		"a Service keeps the condition that says whether it has a leader": {
			object: gen.WebService(func(s *corev1.Service) {
				s.Status.Conditions = []metav1.Condition{{Type: "Ready"}, {Type: config.LeaderReadyCondition, Status: "True"}}
			}),
			want: gen.WebService(func(s *corev1.Service) {
				s.Status.Conditions = []metav1.Condition{{Type: config.LeaderReadyCondition, Status: "True"}}
			}),
		},
		"a Service keeps the condition that says that hand-overs are paused": {
			object: gen.WebService(func(s *corev1.Service) {
				s.Status.Conditions = []metav1.Condition{{Type: config.HandoversPausedCondition, Status: "True"}, {Type: config.LeaderReadyCondition}}
			}),
			want: gen.WebService(func(s *corev1.Service) {
				s.Status.Conditions = []metav1.Condition{{Type: config.LeaderReadyCondition}, {Type: config.HandoversPausedCondition, Status: "True"}}
			}),
		},
		"a condition that is too long to be Tanist's is left out": {
			object: gen.WebService(func(s *corev1.Service) {
				s.Status.Conditions = []metav1.Condition{{Type: config.LeaderReadyCondition, Message: strings.Repeat("x", maxConditionBytes)}}
			}),
			want: gen.WebService(),
		},
		"a Service keeps its spec": {
			object: gen.WebService(func(s *corev1.Service) {
				s.ManagedFields = fields
				s.Annotations["a"] = "b"
				s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "1.2.3.4"}}
			}),
			want: gen.WebService(),
		},
		"an EndpointSlice keeps all but its managed fields": {
			object: &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Annotations: annotations, ManagedFields: fields}},
			want:   &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}},
		},
		"a Namespace keeps the label with which it opts in": {
			object: gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) {
				m.Labels["team"], m.Annotations, m.ManagedFields = "a", annotations, fields
			}),
			want: gen.Namespace("shop"),
		},
		"a ReplicaSet keeps its owner and its revision": {
			object: gen.ReplicaSet("r1", 3, func(m *metav1.PartialObjectMetadata) {
				m.Annotations["deployment.kubernetes.io/desired-replicas"], m.Labels, m.ManagedFields = "3", annotations, fields
			}),
			want: gen.ReplicaSet("r1", 3),
		},
		"a Node keeps what announces its removal or shutdown, its labels, and where its kubelet is": {
			object: gen.NodeNamed("n", gen.Cordoned, gen.Tainted("a"), gen.ShutDown, gen.WithKubelet("10.0.0.1", "zone-1"), func(node *corev1.Node) {
				node.Labels["team"], node.Annotations, node.ManagedFields = "a", annotations, fields
				node.Spec.PodCIDR, node.Spec.Taints[0].Value = "10.0.0.0/24", "x"
				node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeHostName, Address: "n"})
				node.Status.Images = []corev1.ContainerImage{{Names: []string{"app"}}}
				node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeDiskPressure})
				node.Status.Conditions[0].LastHeartbeatTime = metav1.NewTime(gen.T0)
			}),
			want: gen.NodeNamed("n", gen.Cordoned, gen.Tainted("a"), gen.ShutDown, gen.WithKubelet("10.0.0.1", "zone-1"), func(node *corev1.Node) {
				node.Labels["team"] = "a"
			}),
		},
		"a Node that is not ready for another reason keeps no condition": {
			object: gen.NodeNamed("n", gen.ShutDown, func(node *corev1.Node) { node.Status.Conditions[0].Message = "container runtime is down" }),
			want:   gen.NodeNamed("n"),
		},
		"a Node that Kubernetes has lost keeps that alone of its condition": {
			object: gen.NodeNamed("n", func(node *corev1.Node) {
				node.Status.Conditions = []corev1.NodeCondition{
					{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionUnknown},
					{Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", LastHeartbeatTime: metav1.NewTime(gen.T0)},
				}
			}),
			want: gen.NodeNamed("n", gen.Unknown),
		},
		"a Node keeps the type of an event that is scheduled for its machine": {
			object: gen.NodeNamed("n", gen.VMEvent("Freeze event (Live Migration) is scheduled, not before 12:00"), func(node *corev1.Node) {
				node.Status.Conditions[0].Reason, node.Status.Conditions[0].LastTransitionTime = "VMEventScheduled", metav1.NewTime(gen.T0)
			}),
			want: gen.NodeNamed("n", gen.VMEvent("Freeze")),
		},
		"a Node without a scheduled event keeps no condition": {
			object: gen.NodeNamed("n", gen.VMEvent("Freeze"), func(node *corev1.Node) { node.Status.Conditions[0].Status = corev1.ConditionFalse }),
			want:   gen.NodeNamed("n"),
		},
		"a Node with an event of another type keeps no condition": {
			object: gen.NodeNamed("n", gen.VMEvent("a disk is replaced")),
			want:   gen.NodeNamed("n"),
		},
		"a StatefulSet keeps what says which pods it will replace": {
			object: gen.StatefulSet("db", 3, "v1", func(set *appsv1.StatefulSet) {
				set.Labels, set.Annotations, set.ManagedFields = annotations, annotations, fields
				set.Spec.ServiceName, set.Spec.Template.Name, set.Status.ReadyReplicas = "db", "x", 3
			}),
			want: gen.StatefulSet("db", 3, "v1"),
		},
		"a DaemonSet keeps what says which pods it will replace": {
			object: gen.DaemonSet("agent", 3, func(set *appsv1.DaemonSet) {
				set.Labels, set.ManagedFields, set.Annotations["x"] = annotations, fields, "y"
				set.Spec.Template.Name, set.Status.NumberReady = "x", 3
				set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{}
			}),
			want: gen.DaemonSet("agent", 3),
		},
		"a Deployment keeps whether it replaces pods": {
			object: gen.Deployment("web", gen.Paused, gen.BeingDeleted, func(d *appsv1.Deployment) {
				d.Labels, d.Annotations, d.ManagedFields = annotations, annotations, fields
				d.Spec.Replicas, d.Spec.Template.Name, d.Status.ReadyReplicas = new(int32(3)), "x", 3
			}),
			want: gen.Deployment("web", gen.Paused, gen.BeingDeleted),
		},
		"a tombstone is returned as it is": {
			object: toolscache.DeletedFinalStateUnknown{Key: "a/b"}, want: toolscache.DeletedFinalStateUnknown{Key: "a/b"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := test.object
			for _, times := range []string{"once", "twice"} { // an informer trims an object of a list twice
				var err error
				if got, err = Transform(got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("unexpected object, trimmed %s (-want +got):\n%s", times, diff)
				}
			}
		})
	}
}

func TestPodKeepsTheDrainWindow(t *testing.T) {
	hooks := []*corev1.Lifecycle{
		nil,
		{PostStart: &corev1.LifecycleHandler{}},
		gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}),
		gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 8}}),
		gen.PreStop(corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"drain"}}}),
		gen.PreStop(corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/drain"}}),
	}
	ports := [][]corev1.ContainerPort{nil, {{ContainerPort: 1}}, {{Name: "web", ContainerPort: 2}}}
	var containers []corev1.Container
	for _, hook := range hooks {
		for _, ports := range ports {
			containers = append(containers, corev1.Container{Lifecycle: hook, Ports: ports})
		}
	}
	for _, a := range containers {
		for _, b := range containers {
			pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{a, b}}}
			window, ownHook := config.DrainWindowOf(&pod.Spec)
			trimmed := Pod(pod)
			got, gotOwnHook := config.DrainWindowOf(&trimmed.Spec)
			if got != window || gotOwnHook != ownHook {
				t.Errorf("%+v: got %s and own hook %t, want %s and %t", pod.Spec.Containers, got, gotOwnHook, window, ownHook)
			}
			if window == 0 && !ownHook && len(trimmed.Spec.Containers) > 0 && trimmed.Spec.Containers[0].Lifecycle != nil {
				t.Errorf("%+v: a pod without a window keeps hooks", pod.Spec.Containers)
			}
		}
	}
}

func TestTrimKeepsCopiedAnnotationsAndOurEndpoints(t *testing.T) {
	service := gen.Annotated(config.CopyAnnotationsKey, "owner,missing", "owner", "ann", "note", "x")
	trimmed, err := Transform(service)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{config.EnabledKey: "true", config.CopyAnnotationsKey: "owner,missing", "owner": "ann"}
	if diff := cmp.Diff(want, trimmed.(*corev1.Service).Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	mirrored := gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) { s.Endpoints = make([]discoveryv1.Endpoint, 1000) })
	ours := gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
		s.Labels[discoveryv1.LabelManagedBy] = leaderslice.MirroringController // someone has edited it
	})
	for _, slice := range []*discoveryv1.EndpointSlice{mirrored, ours} {
		if _, err := Transform(slice); err != nil {
			t.Fatal(err)
		}
	}
	if len(mirrored.Endpoints) != 0 || len(ours.Endpoints) != 1 {
		t.Errorf("got %d endpoints of a mirrored slice and %d of ours, want 0 and 1", len(mirrored.Endpoints), len(ours.Endpoints))
	}
}
