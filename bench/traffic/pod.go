package traffic

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// logRetryDelay is the pause before a client pod's output is requested again.
const logRetryDelay = 500 * time.Millisecond

// URL returns where requests to a leader Service go: its ClusterIP and first TCP port.
func URL(service *corev1.Service, path string) (string, error) {
	if service.Spec.ClusterIP == "" || service.Spec.ClusterIP == corev1.ClusterIPNone {
		return "", fmt.Errorf("failed to find where to send traffic: Service %s has no ClusterIP", service.Name)
	}
	for _, port := range service.Spec.Ports {
		if port.Protocol == "" || port.Protocol == corev1.ProtocolTCP {
			return "http://" + net.JoinHostPort(service.Spec.ClusterIP, strconv.Itoa(int(port.Port))) + path, nil
		}
	}
	return "", fmt.Errorf("failed to find where to send traffic: Service %s has no TCP port", service.Name)
}

// Args are the command and the flags of a client pod.
func Args(config Config) []string {
	return []string{
		"bench-client", "--url=" + config.URL, "--rate=" + strconv.Itoa(config.Rate),
		"--max-requests=" + strconv.Itoa(config.MaxRequests), "--max-time=" + config.MaxTime.String(),
	}
}

// ReadPod adds the windows in a client pod's output until ctx or the pod ends. It requests the whole output again while the pod has not
// started, and whenever the output ends before the pod does.
func (m *Meter) ReadPod(ctx context.Context, client kubernetes.Interface, namespace, name string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pods := client.CoreV1().Pods(namespace)
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		output, err := pods.GetLogs(name, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
		if err == nil {
			err = m.read(output)
			_ = output.Close()
		}
		pod, getErr := pods.Get(ctx, name, metav1.GetOptions{})
		ended := getErr == nil && (pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed)
		if ended || apierrors.IsNotFound(getErr) {
			m.fail(fmt.Errorf("%w: pod %s ended: %w", errEnded, name, cmp.Or(err, getErr, exitOf(pod))))
			cancel()
		}
	}, logRetryDelay)
}

// exitOf returns how the container of a pod ended.
func exitOf(pod *corev1.Pod) error {
	for _, status := range pod.Status.ContainerStatuses {
		if ended := status.State.Terminated; ended != nil {
			return fmt.Errorf("exit code %d, %s", ended.ExitCode, ended.Reason)
		}
	}
	return fmt.Errorf("phase %s", pod.Status.Phase)
}
