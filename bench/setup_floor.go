package bench

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
)

// tanistPods selects the pods of an installed Tanist.
const tanistPods = "app.kubernetes.io/name=tanist"

// floorLoop is the bare loop, in this process or in a pod.
type floorLoop interface {
	// Err returns the errors of the loop, nil if there were none.
	Err() error
}

// floorFrom returns where the loop will run; empty without a floor.
func floorFrom(opts Options, place testbed.Placement) (string, error) {
	switch {
	case !opts.Floor:
		return "", nil
	case opts.FloorFrom == FloorFromAuto && place.Simulated:
		return FloorFromHost, nil
	case opts.FloorFrom == FloorFromAuto:
		return FloorFromPod, nil
	case opts.FloorFrom == FloorFromPod && place.Simulated:
		return "", fmt.Errorf("--floor-from %s needs nodes that run pods: use %s", FloorFromPod, FloorFromHost)
	default:
		return opts.FloorFrom, nil
	}
}

// startFloor creates the floor's contender, and waits until it is steady: a second workload whose pods end as the first one's do.
func (s *setup) startFloor(ctx context.Context, tanist measuredService) (*contender, floorLoop, error) {
	namespace, err := s.notOptedInNamespace(ctx)
	if err != nil {
		return nil, nil, err
	}
	w := s.workload(floorService).WithPreStopSleep(s.opts.PreStop)
	if tanist.OwnWorkload {
		pod, err := anyReadyPod(ctx, s.clients.Act, tanist.Namespace, tanist.podLabels)
		if err != nil {
			return nil, nil, err
		}
		w = w.EndLike(pod)
	}
	if err := createDeployment(ctx, s.clients.Act, namespace, w); err != nil {
		return nil, nil, err
	}
	c := &contender{
		who: report.WhoFloor, namespace: namespace, service: w.Name,
		view:   watch.NewView(func(*corev1.Pod) string { return w.Name }, w.Name),
		steady: watch.Steady{Pods: w.Pods, Quiet: s.opts.Settle}, simulated: s.place.Simulated,
	}
	podLabels, sliceLabels := floor.WorkloadLabel+"="+w.Name, discoveryv1.LabelServiceName+"="+w.Name
	if err := c.view.Start(ctx, s.clients.Observe, namespace, podLabels, sliceLabels); err != nil {
		return nil, nil, err
	}
	if err := s.floorSlices(ctx, namespace, s.opts.ReadyTimeout, c.view, w); err != nil {
		return nil, nil, err
	}
	loop, err := s.startLoop(ctx, namespace, w.Name)
	if err != nil {
		return nil, nil, err
	}
	if _, _, err := c.awaitSteady(ctx, s.opts.ReadyTimeout); err != nil {
		return nil, nil, fmt.Errorf("failed to start the floor: %w", err)
	}
	return c, loop, nil
}

// floorSlices creates Services and empty slices for workloads of the floor, once their pods are ready and so have shown their IP family.
func (s *setup) floorSlices(
	ctx context.Context, namespace string, timeout time.Duration, pods *watch.View, workloads ...testbed.Workload,
) error {
	wait, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, w := range workloads {
		if err := pods.AwaitPods(wait, w.Name, w.Pods); err != nil {
			return fmt.Errorf("failed to start the floor: %w", err)
		}
		pod, err := anyReadyPod(ctx, s.clients.Act, namespace, floor.WorkloadLabel+"="+w.Name)
		if err != nil {
			return err
		}
		service, slice := w.FloorLeader(addressType(pod))
		for _, service := range []*corev1.Service{w.FloorSource(), service} {
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

// addressType returns the IP family of a pod's first address.
func addressType(pod *corev1.Pod) discoveryv1.AddressType {
	if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil && address.Is6() && !address.Is4In6() {
		return discoveryv1.AddressTypeIPv6
	}
	return discoveryv1.AddressTypeIPv4
}

// startLoop starts the loop for Services of the floor: in a pod, as Tanist itself runs, or in this process.
func (s *setup) startLoop(ctx context.Context, namespace string, services ...string) (floorLoop, error) {
	if s.opts.FloorFrom == FloorFromHost {
		var err error
		s.hostLoop, err = floor.Start(ctx, s.clients.Floor, namespace, services...)
		return s.hostLoop, err
	}
	resources, err := s.resourcesOfTanist(ctx)
	if err != nil {
		return nil, err
	}
	if err := floor.Grant(ctx, s.clients.Act, namespace, map[string]string{testbed.ManagedByLabel: testbed.ManagedBy}); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, s.opts.ReadyTimeout)
	defer cancel()
	pod := testbed.FloorPod(s.opts.Image, s.place, namespace, services, resources)
	if err := testbed.CreatePod(wait, s.clients.Act, namespace, pod); err != nil {
		return nil, err
	}
	return floor.InPod(ctx, s.clients.Observe, namespace), nil
}

// awaitLoop returns when a loop in this process sends nothing any more. The context of startLoop must have ended.
func (s *setup) awaitLoop() {
	if s.hostLoop != nil {
		s.hostLoop.Wait()
	}
}

// resourcesOfTanist returns the resources of Tanist's own container. The loop gets the same, because otherwise the two could not be
// compared.
func (s *setup) resourcesOfTanist(ctx context.Context) (corev1.ResourceRequirements, error) {
	pods, err := s.clients.Act.CoreV1().Pods("").List(ctx, metav1.ListOptions{LabelSelector: tanistPods, Limit: 1})
	if err != nil {
		return corev1.ResourceRequirements{}, fmt.Errorf(
			"failed to find Tanist's resources, which the floor's pod must have too (use --floor-from %s without this permission): %w",
			FloorFromHost, err)
	}
	if len(pods.Items) == 0 {
		s.printf("Found no pod of Tanist (%s): the floor's pod has no CPU request", tanistPods)
		return corev1.ResourceRequirements{}, nil
	}
	return pods.Items[0].Spec.Containers[0].Resources, nil
}
