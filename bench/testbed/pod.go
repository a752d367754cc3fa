package testbed

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/traffic"
)

// podPoll is how often a pod's creation is attempted again.
const podPoll = 500 * time.Millisecond

// TrafficPod returns the pod of a client, which ends by itself, at the latest a minute after its MaxTime.
func TrafficPod(name, image string, place Placement, config traffic.Config) *corev1.Pod {
	spec := restrictedPod(image, traffic.Args(config), place)
	spec.RestartPolicy = corev1.RestartPolicyNever
	spec.ActiveDeadlineSeconds = new(int64(config.MaxTime/time.Second) + 60)
	spec.TerminationGracePeriodSeconds = new(int64(1))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{ManagedByLabel: ManagedBy}},
		Spec:       spec,
	}
}

// FloorPod returns the pod that runs the floor's loop, with the resources of Tanist's own container.
func FloorPod(image string, place Placement, namespace string, services []string, resources corev1.ResourceRequirements) *corev1.Pod {
	spec := restrictedPod(image, floor.Args(namespace, services), place)
	spec.AutomountServiceAccountToken = new(true)
	spec.ServiceAccountName = floor.PodName
	spec.TerminationGracePeriodSeconds = new(int64(1))
	spec.Containers[0].Resources = resources
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: floor.PodName, Labels: map[string]string{ManagedByLabel: ManagedBy}},
		Spec:       spec,
	}
}

// restrictedPod returns the spec of a pod with one container. The restricted pod security standard admits it.
func restrictedPod(image string, args []string, place Placement) corev1.PodSpec {
	spec := corev1.PodSpec{
		AutomountServiceAccountToken: new(false),
		EnableServiceLinks:           new(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), RunAsGroup: new(int64(65532)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: strings.TrimPrefix(args[0], "bench-"), Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Args: args,
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi"),
			}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
	if place.Simulated {
		spec.Tolerations = []corev1.Toleration{{Key: kwokKey, Operator: corev1.TolerationOpExists}}
	}
	if len(place.hostnames) > 0 {
		spec.Affinity = onHostnames(place.hostnames)
	}
	return spec
}

func onHostnames(hostnames []string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: hostnames},
			},
		}}},
	}}
}

// CreatePod creates a pod. A new namespace refuses pods until it has its service account.
func CreatePod(ctx context.Context, client kubernetes.Interface, namespace string, pod *corev1.Pod) error {
	var last error
	_ = wait.PollUntilContextCancel(ctx, podPoll, true, func(ctx context.Context) (bool, error) {
		_, last = client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		return !apierrors.IsForbidden(last), nil
	})
	if last != nil {
		return fmt.Errorf("failed to create pod %s: %w", pod.Name, last)
	}
	return nil
}
