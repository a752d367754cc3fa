package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
)

// Names of bench's own workloads and of the Services that select their pods. The leader Service of ownService has Tanist's default name, that
// of the floor's workload the workload's.
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
	// notOptedIn is the namespace that is not opted in, for the floor and for traffic clients; empty until it is needed.
	notOptedIn string
	// hostLoop is the floor's loop in this process; nil if there is none, or if it runs in a pod.
	hostLoop *floor.Loop
}

// prepareService finds the user's Service, or creates one.
func (s *setup) prepareService(ctx context.Context) (measuredService, error) {
	if s.opts.Service == "" {
		return s.ownWorkload(ctx)
	}
	found, err := findService(ctx, s.clients.Act, s.opts, s.cluster)
	if err != nil {
		return measuredService{}, err
	}
	return found, checkSimulated(s.opts, found.simulated)
}

func (s *setup) ownWorkload(ctx context.Context) (measuredService, error) {
	if err := checkSimulated(s.opts, s.place.Simulated); err != nil {
		return measuredService{}, err
	}
	namespace, err := s.cleaner.CreateNamespace(ctx, testbed.NewNamespace("tanist-bench-", true))
	if err != nil {
		return measuredService{}, err
	}
	s.printf("Created namespace %s with a Deployment of %d pods and a Service", namespace, s.opts.Pods)
	w := s.workload(ownService).WithPreStopSleep(s.opts.PreStop)
	if err := s.createManagedWorkload(ctx, namespace, w, s.opts.ReadyTimeout); err != nil {
		return measuredService{}, err
	}
	return measuredService{
		Target: report.Target{
			Namespace: namespace, Service: w.Name, LeaderService: optionsOf(w.Service()).LeaderService, Pods: s.opts.Pods,
			OwnWorkload: true, Image: s.opts.Image,
		},
		podLabels: floor.WorkloadLabel + "=" + w.Name, simulated: s.place.Simulated,
	}, nil
}

func (s *setup) workload(name string) testbed.Workload {
	return testbed.Workload{Name: name, Image: s.opts.Image, Pods: s.opts.Pods, Place: s.place}
}

// prepareTanist returns Tanist's contender: the leader Service of what is measured. It waits until that is steady.
func (s *setup) prepareTanist(ctx context.Context, measured measuredService) (*contender, error) {
	service := measured.LeaderService
	c := &contender{
		who: report.WhoTanist, namespace: measured.Namespace, service: service,
		view:   watch.NewView(func(*corev1.Pod) string { return service }, service),
		steady: watch.Steady{Pods: measured.Pods, Quiet: s.opts.Settle}, simulated: measured.simulated,
	}
	sliceLabels := discoveryv1.LabelServiceName + "=" + service
	if err := c.view.Start(ctx, s.clients.Observe, measured.Namespace, measured.podLabels, sliceLabels); err != nil {
		return nil, err
	}
	if _, _, err := c.awaitSteady(ctx, s.opts.ReadyTimeout); err != nil {
		return nil, fmt.Errorf("leader Service %s did not become steady: %w", service, err)
	}
	return c, nil
}

// notOptedInNamespace returns the namespace that is not opted in. The first call creates it.
func (s *setup) notOptedInNamespace(ctx context.Context) (string, error) {
	if s.notOptedIn != "" {
		return s.notOptedIn, nil
	}
	var err error
	if s.notOptedIn, err = s.cleaner.CreateNamespace(ctx, testbed.NewNamespace("tanist-bench-plain-", false)); err != nil {
		return "", err
	}
	s.printf("Created namespace %s, which is not opted in, for %s", s.notOptedIn, s.opts.runsNotOptedIn())
	return s.notOptedIn, nil
}

// runsNotOptedIn names what runs in the namespace that is not opted in.
func (o Options) runsNotOptedIn() string {
	switch clients := o.Traffic && o.TrafficFrom == TrafficFromPod; {
	case o.Floor && clients:
		return "the floor and the traffic clients"
	case clients:
		return "the traffic client"
	default:
		return "the floor"
	}
}

func createDeployment(ctx context.Context, client kubernetes.Interface, namespace string, w testbed.Workload) error {
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

// anyReadyPod returns one of the pods that a selector selects and that are ready and not terminating. That there is none is an error.
func anyReadyPod(ctx context.Context, client kubernetes.Interface, namespace, selector string) (*corev1.Pod, error) {
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

// leaderServicePoll is how often bench checks whether Tanist has created a leader Service.
const leaderServicePoll = 100 * time.Millisecond

// createManagedWorkload creates a workload whose leader Tanist elects: first its Service, and the Deployment once Tanist has created the
// leader Service. Only pods that are created later get a preStop sleep (their drain window) from admission. An error other
// than NotFound ends the wait.
func (s *setup) createManagedWorkload(ctx context.Context, namespace string, w testbed.Workload, timeout time.Duration) error {
	service := w.Service()
	if err := createService(ctx, s.clients.Act, namespace, service); err != nil {
		return err
	}
	services, leaderService := s.clients.Act.CoreV1().Services(namespace), optionsOf(service).LeaderService
	err := wait.PollUntilContextTimeout(ctx, leaderServicePoll, timeout, true, func(ctx context.Context) (bool, error) {
		_, err := services.Get(ctx, leaderService, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case wait.Interrupted(err):
		return fmt.Errorf("failed to get leader Service %s: Tanist did not create it within %s: \"kubectl tanist doctor\" says why", leaderService, timeout)
	case err != nil:
		return fmt.Errorf("failed to get leader Service: %w", err)
	}
	return createDeployment(ctx, s.clients.Act, namespace, w)
}
