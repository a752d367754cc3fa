package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

// burstReadyFactor is how many Services may share one ReadyTimeout at the start of a burst, when all pods start at once.
const burstReadyFactor = 50

// tanistCrowd makes the workloads and Services that Tanist leads.
func (s *setup) tanistCrowd(ctx context.Context) (*crowd, error) {
	namespace, err := s.cleaner.createNamespace(ctx, newNamespace("tanist-bench-", true))
	if err != nil {
		return nil, err
	}
	s.say("Created namespace %s with %d Services of %d pods each", namespace, s.opts.Services, s.opts.Pods)
	workloads := s.crowdWorkloads(ownService)
	leaderOf := func(w workload) string { return leaderServiceName(w.service()) }
	c, err := s.newCrowd(ctx, WhoTanist, namespace, workloads, leaderOf, config.SliceManagedBy)
	if err != nil {
		return nil, err
	}
	err = inParallel(ctx, len(workloads), func(i int) error {
		return s.createLed(ctx, namespace, workloads[i], s.crowdTimeout())
	})
	if err != nil {
		return nil, err
	}
	if _, err := c.awaitSteady(ctx, s.crowdTimeout()); err != nil {
		return nil, fmt.Errorf("failed to find leaders; is Tanist running? %w", err)
	}
	return c, nil
}

// floorCrowd makes the workloads, Services and slices that the bare loop leads, all of them by one watch. Their pods end as
// those in Tanist's namespace do.
func (s *setup) floorCrowd(ctx context.Context, like string) (*crowd, floorLoop, error) {
	model, err := somePod(ctx, s.clients.Act, like, managedByLabel+"="+managedBy)
	if err != nil {
		return nil, nil, err
	}
	namespace, err := s.plainNamespace(ctx)
	if err != nil {
		return nil, nil, err
	}
	workloads := s.crowdWorkloads(floorService)
	for i := range workloads {
		workloads[i] = workloads[i].endLike(model)
	}
	c, err := s.newCrowd(ctx, WhoFloor, namespace, workloads, func(w workload) string { return w.name }, floorManagedBy)
	if err != nil {
		return nil, nil, err
	}
	err = inParallel(ctx, len(workloads), func(i int) error {
		return createWorkload(ctx, s.clients.Act, namespace, workloads[i])
	})
	if err != nil {
		return nil, nil, err
	}
	if err := s.floorSlices(ctx, namespace, s.crowdTimeout(), c.view, workloads...); err != nil {
		return nil, nil, err
	}
	loop, err := s.startLoop(ctx, namespace, c.services...)
	if err != nil {
		return nil, nil, err
	}
	if _, err := c.awaitSteady(ctx, s.crowdTimeout()); err != nil {
		return nil, nil, fmt.Errorf("failed to start the floor: %w", err)
	}
	return c, loop, nil
}

// newCrowd starts the view of a crowd: its pods know the Service that selects them, its slices who manages them.
func (s *setup) newCrowd(
	ctx context.Context, who Who, namespace string, workloads []workload, leaderOf func(workload) string, slicesManagedBy string,
) (*crowd, error) {
	leaders := map[string]string{}
	services := make([]string, len(workloads))
	for i, w := range workloads {
		services[i] = leaderOf(w)
		leaders[w.name] = services[i]
	}
	c := &crowd{
		who: who, client: s.clients.Act, namespace: namespace, services: services,
		view:   newView(func(pod *corev1.Pod) string { return leaders[pod.Labels[serviceLabel]] }, services...),
		steady: steadiness{pods: s.opts.Pods, quiet: s.opts.Settle},
	}
	err := c.view.start(ctx, s.clients.Observe, namespace,
		managedByLabel+"="+managedBy, discoveryv1.LabelManagedBy+"="+slicesManagedBy)
	return c, err
}

func (s *setup) crowdWorkloads(name string) []workload {
	workloads := make([]workload, s.opts.Services)
	for i := range workloads {
		workloads[i] = s.workload(burstName(name, i)).keepServing(s.opts.PreStop)
	}
	return workloads
}

func (s *setup) crowdTimeout() time.Duration {
	return s.opts.ReadyTimeout * time.Duration(1+s.opts.Services/burstReadyFactor)
}
