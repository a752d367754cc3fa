package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
	"github.com/tanist-dev/tanist/config"
)

// burstReadyFactor is how many Services one ReadyTimeout covers at the start of a burst, when all pods start at once.
const burstReadyFactor = 50

// tanistBurst creates the workloads and Services of which Tanist elects the leaders, and waits until they are steady.
func (s *setup) tanistBurst(ctx context.Context) (*burst, error) {
	namespace, err := s.cleaner.CreateNamespace(ctx, testbed.NewNamespace("tanist-bench-", true))
	if err != nil {
		return nil, err
	}
	s.printf("Created namespace %s with %d Services of %d pods each", namespace, s.opts.Services, s.opts.Pods)
	workloads := s.burstWorkloads(ownService)
	leaderOf := func(w testbed.Workload) string { return optionsOf(w.Service()).LeaderService }
	c, err := s.newBurst(ctx, report.WhoTanist, namespace, workloads, leaderOf, config.SliceManagedBy)
	if err != nil {
		return nil, err
	}
	err = inParallel(ctx, len(workloads), func(i int) error {
		return s.createManagedWorkload(ctx, namespace, workloads[i], s.burstTimeout())
	})
	if err != nil {
		return nil, err
	}
	if _, err := c.awaitSteady(ctx, s.burstTimeout()); err != nil {
		return nil, fmt.Errorf("leader Services did not become steady: %w", err)
	}
	return c, nil
}

// floorBurst creates the workloads, Services and slices of which one bare loop elects the leaders, and waits until they are steady. Their pods end as those in Tanist's
// namespace do.
func (s *setup) floorBurst(ctx context.Context, like string) (*burst, floorLoop, error) {
	model, err := anyReadyPod(ctx, s.clients.Act, like, testbed.ManagedByLabel+"="+testbed.ManagedBy)
	if err != nil {
		return nil, nil, err
	}
	namespace, err := s.notOptedInNamespace(ctx)
	if err != nil {
		return nil, nil, err
	}
	workloads := s.burstWorkloads(floorService)
	for i := range workloads {
		workloads[i] = workloads[i].EndLike(model)
	}
	c, err := s.newBurst(ctx, report.WhoFloor, namespace, workloads, func(w testbed.Workload) string { return w.Name }, testbed.FloorManagedBy)
	if err != nil {
		return nil, nil, err
	}
	err = inParallel(ctx, len(workloads), func(i int) error {
		return createDeployment(ctx, s.clients.Act, namespace, workloads[i])
	})
	if err != nil {
		return nil, nil, err
	}
	if err := s.floorSlices(ctx, namespace, s.burstTimeout(), c.view, workloads...); err != nil {
		return nil, nil, err
	}
	loop, err := s.startLoop(ctx, namespace, c.services...)
	if err != nil {
		return nil, nil, err
	}
	if _, err := c.awaitSteady(ctx, s.burstTimeout()); err != nil {
		return nil, nil, fmt.Errorf("failed to start the floor: %w", err)
	}
	return c, loop, nil
}

// newBurst starts the view of a burst. Its pods have the label of the Service that selects them, its slices that of who manages them.
func (s *setup) newBurst(
	ctx context.Context, who report.Who, namespace string, workloads []testbed.Workload, leaderOf func(testbed.Workload) string, slicesManagedBy string,
) (*burst, error) {
	leaders := map[string]string{}
	services := make([]string, len(workloads))
	for i, w := range workloads {
		services[i] = leaderOf(w)
		leaders[w.Name] = services[i]
	}
	c := &burst{
		who: who, client: s.clients.Act, namespace: namespace, services: services,
		view:   watch.NewView(func(pod *corev1.Pod) string { return leaders[pod.Labels[floor.WorkloadLabel]] }, services...),
		steady: watch.Steady{Pods: s.opts.Pods, Quiet: s.opts.Settle},
	}
	err := c.view.Start(ctx, s.clients.Observe, namespace,
		testbed.ManagedByLabel+"="+testbed.ManagedBy, discoveryv1.LabelManagedBy+"="+slicesManagedBy)
	return c, err
}

func (s *setup) burstWorkloads(name string) []testbed.Workload {
	workloads := make([]testbed.Workload, s.opts.Services)
	for i := range workloads {
		workloads[i] = s.workload(testbed.WorkloadName(name, i)).WithPreStopSleep(s.opts.PreStop)
	}
	return workloads
}

func (s *setup) burstTimeout() time.Duration {
	return s.opts.ReadyTimeout * time.Duration(1+s.opts.Services/burstReadyFactor)
}
