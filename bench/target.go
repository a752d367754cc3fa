package bench

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

// Target is what was measured.
type Target struct {
	Namespace     string `json:"namespace"`
	Service       string `json:"service"`
	LeaderService string `json:"leaderService"`
	// Pods is how many ready pods the Service had, and must have again before each failover.
	Pods int `json:"pods"`
	// OwnWorkload says that bench brought the Service and its pods along.
	OwnWorkload bool `json:"ownWorkload"`
	// Image is what bench's own pods ran; empty when there were none.
	Image string `json:"image,omitempty"`

	// podLabels select the Service's pods.
	podLabels string
	// simulated says that the pods are on nodes that run no process.
	simulated bool
}

// findTarget looks at the Service a user named and refuses it, in one sentence, when bench must not or cannot measure it.
func findTarget(ctx context.Context, client kubernetes.Interface, opts Options, env Environment) (Target, error) {
	namespace, err := client.CoreV1().Namespaces().Get(ctx, opts.Namespace, metav1.GetOptions{})
	if err != nil {
		return Target{}, fmt.Errorf("failed to get namespace: %w", err)
	}
	service, err := client.CoreV1().Services(opts.Namespace).Get(ctx, opts.Service, metav1.GetOptions{})
	if err != nil {
		return Target{}, fmt.Errorf("failed to get Service: %w", err)
	}
	if err := mayMeasure(namespace, service, opts.AllowNotEnabled); err != nil {
		return Target{}, err
	}
	target := Target{
		Namespace: opts.Namespace, Service: opts.Service, LeaderService: leaderServiceName(service),
		podLabels: labels.SelectorFromSet(service.Spec.Selector).String(),
	}
	if opts.needsPods() {
		target.Image = opts.Image
	}
	if _, err := client.CoreV1().Services(opts.Namespace).Get(ctx, target.LeaderService, metav1.GetOptions{}); err != nil {
		return Target{}, fmt.Errorf("failed to get leader Service: %w", err)
	}
	pods, err := client.CoreV1().Pods(opts.Namespace).List(ctx, metav1.ListOptions{LabelSelector: target.podLabels})
	if err != nil {
		return Target{}, fmt.Errorf("failed to list pods: %w", err)
	}
	for i := range pods.Items {
		if podStateOf(&pods.Items[i]).fit() {
			target.Pods++
			target.simulated = target.simulated || env.simulated[pods.Items[i].Spec.NodeName]
		}
	}
	if target.Pods < 2 {
		return Target{}, fmt.Errorf("failed to find a leader and a successor: Service %s/%s has %d ready pods",
			target.Namespace, target.Service, target.Pods)
	}
	return target, nil
}

// mayMeasure says why a Service must not be touched: taking its leaders away is what its owner opted in to, or nobody did.
func mayMeasure(namespace *corev1.Namespace, service *corev1.Service, allowNotEnabled bool) error {
	refuse := func(why string) error {
		return fmt.Errorf("refusing to touch Service %s/%s: %s", service.Namespace, service.Name, why)
	}
	switch {
	case len(service.Spec.Selector) == 0:
		return refuse("it has no selector, so nobody leads it")
	case allowNotEnabled:
		return nil
	case !config.Enabled(namespace.Labels):
		return refuse("its namespace is not labelled " + config.EnabledKey + "=true (--allow-not-enabled overrules)")
	case !config.Enabled(service.Annotations):
		return refuse("it is not annotated " + config.EnabledKey + "=true (--allow-not-enabled overrules)")
	}
	return nil
}

// leaderServiceName is the name a Service's owner gave its leader Service, or the default.
func leaderServiceName(service *corev1.Service) string {
	options, _ := config.ParseOptions(service) // What is wrong there is Tanist's to report; it leaves the default here, too.
	return options.LeaderService
}

// feasible says why a mode or the traffic cannot work on these pods: nothing runs in a pod on a simulated node.
func feasible(opts Options, simulated bool) error {
	if !simulated {
		return nil
	}
	if opts.Traffic {
		return fmt.Errorf("--traffic needs pods that answer: those on simulated (KWOK) nodes do not")
	}
	for _, mode := range opts.Modes {
		if mode == ModeCrash {
			return fmt.Errorf("--mode %s needs a process that can crash: pods on simulated (KWOK) nodes have none", mode)
		}
	}
	return nil
}
