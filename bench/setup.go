package bench

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
)

// Names of bench's own workloads. The leader Service's is Tanist's default.
const (
	ownService   = "bench"
	floorService = "bench-floor"
)

// setup creates what a run needs, in namespaces that the cleaner removes.
type setup struct {
	opts    Options
	clients Clients
	cleaner *testbed.Cleaner
	printf  func(format string, args ...any)
	place   testbed.Placement
	cluster testbed.Cluster
	// plain is the namespace that is not opted in, for the floor and for traffic clients; empty until it is needed.
	plain string
	// hostLoop is the floor's loop in this process; nil if there is none, or if it runs in a pod.
	hostLoop *floor.Loop
}

// target finds the user's Service, or creates one.
func (s *setup) target(ctx context.Context) (target, error) {
	if s.opts.Service == "" {
		return s.ownWorkload(ctx)
	}
	found, err := findTarget(ctx, s.clients.Act, s.opts, s.cluster)
	if err != nil {
		return target{}, err
	}
	return found, feasible(s.opts, found.simulated)
}

func (s *setup) ownWorkload(ctx context.Context) (target, error) {
	if err := feasible(s.opts, s.place.Simulated); err != nil {
		return target{}, err
	}
	namespace, err := s.cleaner.CreateNamespace(ctx, testbed.NewNamespace("tanist-bench-", true))
	if err != nil {
		return target{}, err
	}
	s.printf("Created namespace %s with a Deployment of %d pods and a Service", namespace, s.opts.Pods)
	w := s.workload(ownService).KeepServing(s.opts.PreStop)
	if err := s.createLed(ctx, namespace, w, s.opts.ReadyTimeout); err != nil {
		return target{}, err
	}
	return target{
		Target: report.Target{
			Namespace: namespace, Service: w.Name, LeaderService: leaderServiceName(w.Service()), Pods: s.opts.Pods,
			OwnWorkload: true, Image: s.opts.Image,
		},
		podLabels: floor.WorkloadLabel + "=" + w.Name, simulated: s.place.Simulated,
	}, nil
}

func (s *setup) workload(name string) testbed.Workload {
	return testbed.Workload{Name: name, Image: s.opts.Image, Pods: s.opts.Pods, Place: s.place}
}

// tanist returns the contender that Tanist leads, once it has a leader.
func (s *setup) tanist(ctx context.Context, t target) (*contender, error) {
	service := t.LeaderService
	c := &contender{
		who: report.WhoTanist, namespace: t.Namespace, service: service,
		view:   watch.NewView(func(*corev1.Pod) string { return service }, service),
		steady: watch.Steady{Pods: t.Pods, Quiet: s.opts.Settle}, simulated: t.simulated,
	}
	sliceLabels := discoveryv1.LabelServiceName + "=" + service
	if err := c.view.Start(ctx, s.clients.Observe, t.Namespace, t.podLabels, sliceLabels); err != nil {
		return nil, err
	}
	if _, _, err := c.awaitSteady(ctx, s.opts.ReadyTimeout); err != nil {
		return nil, fmt.Errorf("failed to find a leader; is Tanist running? %w", err)
	}
	return c, nil
}

// plainNamespace returns the namespace that is not opted in. The first call creates it.
func (s *setup) plainNamespace(ctx context.Context) (string, error) {
	if s.plain != "" {
		return s.plain, nil
	}
	var err error
	if s.plain, err = s.cleaner.CreateNamespace(ctx, testbed.NewNamespace("tanist-bench-plain-", false)); err != nil {
		return "", err
	}
	s.printf("Created namespace %s, which is not opted in, for the floor and for traffic clients", s.plain)
	return s.plain, nil
}

func createWorkload(ctx context.Context, client kubernetes.Interface, namespace string, w testbed.Workload) error {
	if _, err := client.AppsV1().Deployments(namespace).Create(ctx, w.Deployment(), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create Deployment: %w", err)
	}
	return nil
}

func createService(ctx context.Context, client kubernetes.Interface, namespace string, service *corev1.Service) error {
	if _, err := client.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create Service: %w", err)
	}
	return nil
}

func somePod(ctx context.Context, client kubernetes.Interface, namespace, selector string) (*corev1.Pod, error) {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("failed to list pods: %w", err)
	}
	for i := range pods.Items {
		if watch.CanLead(&pods.Items[i]) {
			return &pods.Items[i], nil
		}
	}
	return nil, fmt.Errorf("failed to find a ready pod of %s in namespace %s", selector, namespace)
}
