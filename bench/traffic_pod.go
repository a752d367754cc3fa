package bench

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// logAgain is the pause before a client pod's output is asked for again.
const logAgain = 500 * time.Millisecond

// trafficURL is where requests for a leader Service go: its ClusterIP and first TCP port.
func trafficURL(service *corev1.Service, path string) (string, error) {
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

// trafficArgs are the flags of bench-client for a configuration.
func trafficArgs(config TrafficConfig) []string {
	return []string{
		"--url=" + config.URL, "--rate=" + strconv.Itoa(config.Rate),
		"--max-requests=" + strconv.Itoa(config.MaxRequests), "--max-time=" + config.MaxTime.String(),
	}
}

// createTrafficPod creates a client pod. A namespace that is new refuses pods until it has its service account.
func createTrafficPod(ctx context.Context, client kubernetes.Interface, namespace string, pod *corev1.Pod) error {
	for {
		_, err := client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		if err == nil {
			return nil
		}
		if !apierrors.IsForbidden(err) || pause(ctx, logAgain) != nil {
			return fmt.Errorf("failed to create traffic client: %w", err)
		}
	}
}

// readTrafficPod feeds a meter from a client pod's output until ctx ends. While the pod has not started, and when the
// connection breaks, it asks again; a pod that has ended is the meter's failure.
func readTrafficPod(ctx context.Context, client kubernetes.Interface, namespace, name string, into *meter) {
	pods := client.CoreV1().Pods(namespace)
	for ctx.Err() == nil {
		output, err := pods.GetLogs(name, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
		if err == nil {
			err = into.read(output)
			_ = output.Close()
		}
		pod, getErr := pods.Get(ctx, name, metav1.GetOptions{})
		ended := getErr == nil && (pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed)
		if ended || apierrors.IsNotFound(getErr) {
			into.fail(fmt.Errorf("%w: pod %s ended: %w", errNoWindows, name, firstOf(err, getErr, errPodEnded(pod))))
			return
		}
		if pause(ctx, logAgain) != nil {
			return
		}
	}
}

func errPodEnded(pod *corev1.Pod) error {
	for _, status := range pod.Status.ContainerStatuses {
		if ended := status.State.Terminated; ended != nil {
			return fmt.Errorf("exit code %d, %s", ended.ExitCode, ended.Reason)
		}
	}
	return fmt.Errorf("phase %s", pod.Status.Phase)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
