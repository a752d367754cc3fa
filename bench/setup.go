package bench

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Names of the workload bench brings along. The leader Service's is Tanist's default.
const (
	ownService   = "bench"
	floorService = "bench-floor"
)

// setup brings everything into place that a run needs, in namespaces of the cleaner's.
type setup struct {
	opts    Options
	clients Clients
	cleaner *cleaner
	say     func(format string, args ...any)
	place   placement
	env     Environment
	// plain is the namespace that is not opted in, for the floor and for traffic clients; made when first needed.
	plain string
}

// target finds the user's Service, or makes one.
func (s *setup) target(ctx context.Context) (Target, error) {
	if s.opts.Service == "" {
		return s.ownWorkload(ctx)
	}
	target, err := findTarget(ctx, s.clients.Act, s.opts, s.env)
	if err != nil {
		return Target{}, err
	}
	return target, feasible(s.opts, target.simulated)
}

func (s *setup) ownWorkload(ctx context.Context) (Target, error) {
	if err := feasible(s.opts, s.place.simulated); err != nil {
		return Target{}, err
	}
	namespace, err := s.cleaner.createNamespace(ctx, newNamespace("tanist-bench-", true))
	if err != nil {
		return Target{}, err
	}
	s.say("Created namespace %s with a Deployment of %d pods and a Service", namespace, s.opts.Pods)
	w := s.workload(ownService).keepServing(s.opts.PreStop)
	if err := s.createLed(ctx, namespace, w, s.opts.ReadyTimeout); err != nil {
		return Target{}, err
	}
	return Target{
		Namespace: namespace, Service: w.name, LeaderService: leaderServiceName(w.service()), Pods: s.opts.Pods,
		OwnWorkload: true, Image: s.opts.Image, podLabels: serviceLabel + "=" + w.name, simulated: s.place.simulated,
	}, nil
}

func (s *setup) workload(name string) workload {
	return workload{name: name, image: s.opts.Image, pods: s.opts.Pods, place: s.place}
}

// tanist is the contender that Tanist leads.
func (s *setup) tanist(ctx context.Context, target Target) (*contender, error) {
	service := target.LeaderService
	c := &contender{
		who: WhoTanist, namespace: target.Namespace, service: service,
		view:   newView(func(*corev1.Pod) string { return service }, service),
		steady: steadiness{pods: target.Pods, quiet: s.opts.Settle}, simulated: target.simulated,
	}
	sliceLabels := discoveryv1.LabelServiceName + "=" + service
	if err := c.view.start(ctx, s.clients.Observe, target.Namespace, target.podLabels, sliceLabels); err != nil {
		return nil, err
	}
	if _, _, err := c.awaitSteady(ctx, s.opts.ReadyTimeout); err != nil {
		return nil, fmt.Errorf("failed to find a leader; is Tanist running? %w", err)
	}
	return c, nil
}

// floorFor is the contender that the bare loop leads: a second workload whose pods end as the first one's do.
func (s *setup) floorFor(ctx context.Context, target Target) (*contender, floorLoop, error) {
	namespace, err := s.plainNamespace(ctx)
	if err != nil {
		return nil, nil, err
	}
	w := s.workload(floorService).keepServing(s.opts.PreStop)
	if target.OwnWorkload {
		pod, err := somePod(ctx, s.clients.Act, target.Namespace, target.podLabels)
		if err != nil {
			return nil, nil, err
		}
		w = w.endLike(pod)
	}
	if err := createWorkload(ctx, s.clients.Act, namespace, w); err != nil {
		return nil, nil, err
	}
	c := &contender{
		who: WhoFloor, namespace: namespace, service: w.name,
		view:   newView(func(*corev1.Pod) string { return w.name }, w.name),
		steady: steadiness{pods: w.pods, quiet: s.opts.Settle}, simulated: s.place.simulated,
	}
	podLabels, sliceLabels := serviceLabel+"="+w.name, discoveryv1.LabelServiceName+"="+w.name
	if err := c.view.start(ctx, s.clients.Observe, namespace, podLabels, sliceLabels); err != nil {
		return nil, nil, err
	}
	if err := s.floorSlices(ctx, namespace, s.opts.ReadyTimeout, c.view, w); err != nil {
		return nil, nil, err
	}
	loop, err := s.startLoop(ctx, namespace, w.name)
	if err != nil {
		return nil, nil, err
	}
	if _, _, err := c.awaitSteady(ctx, s.opts.ReadyTimeout); err != nil {
		return nil, nil, fmt.Errorf("failed to start the floor: %w", err)
	}
	return c, loop, nil
}

// floorSlices makes Services and empty slices for workloads of the floor, once their pods are ready and have shown of which IP
// family they are.
func (s *setup) floorSlices(
	ctx context.Context, namespace string, limit time.Duration, pods *view, workloads ...workload,
) error {
	wait, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, w := range workloads {
		if err := pods.awaitPods(wait, w.name, w.pods); err != nil {
			return fmt.Errorf("failed to start the floor: %w", err)
		}
		pod, err := somePod(ctx, s.clients.Act, namespace, serviceLabel+"="+w.name)
		if err != nil {
			return err
		}
		service, slice := floorServiceOf(w, addressType(pod))
		for _, service := range []*corev1.Service{floorSourceOf(w), service} {
			if err := createService(ctx, s.clients.Act, namespace, service); err != nil {
				return err
			}
		}
		if _, err := s.clients.Act.DiscoveryV1().EndpointSlices(namespace).Create(ctx, slice, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("failed to create EndpointSlice: %w", err)
		}
	}
	return nil
}

// plainNamespace is made once, for whoever needs it first.
func (s *setup) plainNamespace(ctx context.Context) (string, error) {
	if s.plain != "" {
		return s.plain, nil
	}
	var err error
	if s.plain, err = s.cleaner.createNamespace(ctx, newNamespace("tanist-bench-plain-", false)); err != nil {
		return "", err
	}
	s.say("Created namespace %s, not opted in, for what Tanist is compared with", s.plain)
	return s.plain, nil
}

func createWorkload(ctx context.Context, client kubernetes.Interface, namespace string, w workload) error {
	if _, err := client.AppsV1().Deployments(namespace).Create(ctx, w.deployment(), metav1.CreateOptions{}); err != nil {
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
		if podStateOf(&pods.Items[i]).fit() {
			return &pods.Items[i], nil
		}
	}
	return nil, fmt.Errorf("failed to find a ready pod of %s in namespace %s", selector, namespace)
}

// addressType is the IP family of a pod's first address.
func addressType(pod *corev1.Pod) discoveryv1.AddressType {
	if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil && address.Is6() && !address.Is4In6() {
		return discoveryv1.AddressTypeIPv6
	}
	return discoveryv1.AddressTypeIPv4
}
