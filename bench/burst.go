package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
)

// burstWriters is how many objects of a burst are created or labelled at once.
const burstWriters = 16

// burst has the leader Services of one contender in a burst: many in one namespace, with one view.
type burst struct {
	who       report.Who
	client    kubernetes.Interface
	namespace string
	services  []string
	view      *watch.View
	steady    watch.Steady
}

// loseLeaders labels all leaders, deletes them with one request, and waits for the next ones. It returns a sample for each Service, or a
// single failed one when the leaders could not be deleted. `kubectl delete pods -l` would send a request for each pod, one after another;
// with a single request, only the API server's own work lies between the deletions.
func (c *burst) loseLeaders(ctx context.Context, round int, timeout, ready time.Duration) []report.Sample {
	failed := func(err error) []report.Sample {
		return []report.Sample{report.Sample{Number: round, LostAt: time.Now()}.Failed(err)}
	}
	leaders, err := c.awaitSteady(ctx, ready)
	if err != nil {
		return failed(err)
	}
	mark := strconv.Itoa(round)
	if err := c.label(ctx, leaders, mark); err != nil {
		return failed(err)
	}
	if leaders, err = c.awaitSteady(ctx, ready); err != nil {
		return failed(err)
	}
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	lost := time.Now()
	err = c.client.CoreV1().Pods(c.namespace).DeleteCollection(timed, metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: testbed.VictimLabel + "=" + mark})
	if err != nil {
		return failed(fmt.Errorf("failed to delete leaders: %w", err))
	}
	call := report.Milliseconds(time.Since(lost))
	samples := make([]report.Sample, len(leaders))
	for i, leader := range leaders {
		samples[i] = report.Sample{Number: round, Service: c.services[i], LostAt: lost, CallMs: call, From: leader.Name}
		to, err := c.view.AwaitMove(timed, c.services[i], leader.UID, leader.changes)
		if err != nil {
			samples[i].Missed, samples[i].LatencyMs = true, report.Milliseconds(timeout)
			continue
		}
		samples[i].To, samples[i].Term, samples[i].Reason = to.Name, to.Term, to.Reason
		samples[i].LatencyMs = report.Milliseconds(to.At.Sub(lost))
	}
	_, _ = c.awaitSteady(ctx, ready)
	for i, leader := range leaders {
		samples[i].Moves = c.view.CountMoves(c.services[i], leader.changes)
	}
	return samples
}

// burstLeader is the change that made a leader Service's leader before a round, and how many changes the view had seen by then.
type burstLeader struct {
	watch.LeaderChange
	changes int
}

// awaitSteady waits until all Services are steady, and returns their leaders in the same order.
func (c *burst) awaitSteady(ctx context.Context, timeout time.Duration) ([]burstLeader, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	leaders := make([]burstLeader, len(c.services))
	for i, service := range c.services {
		leader, changes, err := c.view.AwaitSteady(ctx, service, c.steady)
		if err != nil {
			return nil, err
		}
		leaders[i] = burstLeader{LeaderChange: leader, changes: changes}
	}
	return leaders, nil
}

// label labels the leaders, so that one request can select them all.
func (c *burst) label(ctx context.Context, leaders []burstLeader, mark string) error {
	return inParallel(ctx, len(leaders), func(i int) error {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"uid": leaders[i].UID, "labels": map[string]string{testbed.VictimLabel: mark},
		}})
		if err != nil {
			return fmt.Errorf("failed to encode label: %w", err)
		}
		_, err = c.client.CoreV1().Pods(c.namespace).Patch(ctx, leaders[i].Name, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			return fmt.Errorf("failed to label leader: %w", err)
		}
		return nil
	})
}

// inParallel calls do for 0 to n-1, burstWriters at a time, and returns the first error.
func inParallel(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workqueue.ParallelizeUntil(ctx, burstWriters, n, func(i int) {
		if err := do(i); err != nil {
			cancel(err)
		}
	})
	return context.Cause(ctx)
}
