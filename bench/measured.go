package bench

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/provoke"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
	"github.com/tanist-dev/tanist/config"
)

// measuredService is the Service whose hand-overs by Tanist are measured.
type measuredService struct {
	report.Target
	// podLabels select the Service's pods.
	podLabels string
	// simulated says that the pods are on nodes that run no process.
	simulated bool
}

// findService returns the Service that a user named, or an error when bench must not or cannot measure it.
func findService(ctx context.Context, client kubernetes.Interface, opts Options, nodes testbed.Cluster) (measuredService, error) {
	namespace, err := client.CoreV1().Namespaces().Get(ctx, opts.Namespace, metav1.GetOptions{})
	if err != nil {
		return measuredService{}, fmt.Errorf("failed to get namespace: %w", err)
	}
	service, err := client.CoreV1().Services(opts.Namespace).Get(ctx, opts.Service, metav1.GetOptions{})
	if err != nil {
		return measuredService{}, fmt.Errorf("failed to get Service: %w", err)
	}
	if err := mayMeasure(namespace, service, opts.AllowNotEnabled); err != nil {
		return measuredService{}, err
	}
	options := optionsOf(service)
	found := measuredService{
		Target:    report.Target{Namespace: opts.Namespace, Service: opts.Service, LeaderService: options.LeaderService},
		podLabels: labels.SelectorFromSet(service.Spec.Selector).String(),
	}
	if opts.needsPods() {
		found.Image = opts.Image
	}
	if _, err := client.CoreV1().Services(opts.Namespace).Get(ctx, found.LeaderService, metav1.GetOptions{}); err != nil {
		return measuredService{}, fmt.Errorf("failed to get leader Service: %w", err)
	}
	pods, err := client.CoreV1().Pods(opts.Namespace).List(ctx, metav1.ListOptions{LabelSelector: found.podLabels})
	if err != nil {
		return measuredService{}, fmt.Errorf("failed to list pods: %w", err)
	}
	for i := range pods.Items {
		if watch.CanLead(&pods.Items[i]) && config.Excluded(&pods.Items[i], options.CandidateCondition) == "" {
			found.Pods++
			found.simulated = found.simulated || nodes.Simulated.Has(pods.Items[i].Spec.NodeName)
		}
	}
	if found.Pods < 2 {
		return measuredService{}, fmt.Errorf("failed to find a leader and a successor: Service %s/%s has %d ready pods that may lead",
			found.Namespace, found.Service, found.Pods)
	}
	return found, nil
}

// mayMeasure refuses a Service whose owner has not opted in to having its leaders taken away, or does not want that now, and one whose leader
// Tanist does not choose.
func mayMeasure(namespace *corev1.Namespace, service *corev1.Service, allowNotEnabled bool) error {
	refuse := func(why string) error {
		return fmt.Errorf("refusing to touch Service %s/%s: %s", service.Namespace, service.Name, why)
	}
	options := optionsOf(service)
	switch {
	case len(service.Spec.Selector) == 0:
		return refuse("it has no selector, so nobody leads it")
	case options.Paused:
		return refuse("its hand-overs are paused (" + config.PausedKey + ")")
	case options.FollowLease != "":
		return refuse("its application elects the leader (" + config.FollowLeaseKey + "), so the time would not be Tanist's")
	case allowNotEnabled:
		return nil
	case !config.Enabled(namespace.Labels):
		return refuse("its namespace is not labelled " + config.EnabledKey + "=true (--allow-not-enabled overrides this)")
	case !config.Enabled(service.Annotations):
		return refuse("it is not annotated " + config.EnabledKey + "=true (--allow-not-enabled overrides this)")
	}
	return nil
}

// optionsOf returns what the annotations of a Service ask for. Tanist reports mistakes there and uses the default, as is done here.
func optionsOf(service *corev1.Service) config.Options {
	options, _ := config.ParseOptions(service)
	return options
}

// checkSimulated returns an error for modes and traffic that need a process in the pods: simulated nodes run none.
func checkSimulated(opts Options, simulated bool) error {
	if !simulated {
		return nil
	}
	if opts.Traffic {
		return fmt.Errorf("--traffic needs pods that answer: those on simulated (KWOK) nodes do not")
	}
	if i := slices.IndexFunc(opts.Modes, provoke.Unannounced); i >= 0 {
		return fmt.Errorf("--mode %s needs a process that can be lost: pods on simulated (KWOK) nodes have none", opts.Modes[i])
	}
	return nil
}
