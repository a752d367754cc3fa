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
)

// burstWriters is how many objects of a burst are made or labelled at once.
const burstWriters = 16

// crowd are the leader Services of one contender in a burst: many in one namespace, seen by one view.
type crowd struct {
	who       Who
	client    kubernetes.Interface
	namespace string
	services  []string
	view      *view
	steady    steadiness
}

// burst measures rounds in which all leaders of a crowd are deleted by one request, Tanist's and the floor's by turns.
func (r *run) burst(ctx context.Context, s *setup) error {
	tanist, err := s.tanistCrowd(ctx)
	if err != nil {
		return err
	}
	r.report.Target = Target{
		Namespace: tanist.namespace, Service: burstName(ownService, 0), LeaderService: tanist.services[0],
		Pods: s.opts.Pods, OwnWorkload: true, Image: s.opts.Image,
	}
	crowds := []*crowd{tanist}
	if s.opts.Floor {
		r.console.now("Waiting for the floor's pods")
		floor, loop, err := s.floorCrowd(ctx, tanist.namespace)
		if err != nil {
			return err
		}
		crowds, r.floor = append(crowds, floor), loop
	}
	r.console.begin(r.opts.Failovers * len(crowds))
	defer r.console.end()
	totals, each := make([]Row, len(crowds)), make([]Row, len(crowds))
	for i, c := range crowds {
		totals[i], each[i] = Row{Mode: ModeBurst, Who: c.who}, Row{Mode: ModeBurstEach, Who: c.who}
	}
	err = r.burstRounds(ctx, crowds, totals, each)
	r.report.Rows = append(append(r.report.Rows, totals...), each...)
	return err
}

func (r *run) burstRounds(ctx context.Context, crowds []*crowd, totals, each []Row) error {
	for round := range r.opts.Failovers {
		for turn := range crowds {
			i := (round + turn) % len(crowds)
			for _, other := range crowds {
				_, _ = other.awaitSteady(ctx, r.opts.ReadyTimeout)
			}
			samples := crowds[i].loseLeaders(ctx, round+1, r.opts.Timeout, r.opts.ReadyTimeout)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			totals[i].Samples = append(totals[i].Samples, burstTotal(samples, round+1))
			each[i].Samples = append(each[i].Samples, samples...)
			r.console.step(ModeBurst, crowds[i].who)
			if err := givingUp(totals[i].Samples); err != nil {
				return err
			}
		}
	}
	return nil
}

// burstTotal is the whole round as one sample: it lasted until the last Service was handed over.
func burstTotal(samples []Sample, number int) Sample {
	total := samples[0]
	for _, sample := range samples {
		if sample.Error != "" {
			total.Error = sample.Error
		}
		total.Missed = total.Missed || sample.Missed
		total.LatencyMs = max(total.LatencyMs, sample.LatencyMs)
		total.Moves = max(total.Moves, sample.Moves)
	}
	total.Number, total.Service = number, fmt.Sprintf("%d Services", len(samples))
	total.From, total.To, total.Term, total.Reason = "", "", 0, ""
	return total
}

// loseLeaders marks all leaders, deletes them with one request, and waits for the next ones. It returns a sample per Service, or,
// when the leaders could not be deleted, one that says why. `kubectl delete pods -l` sends a request for each pod, one after
// another; with a single one, nothing lies between the deletions but the API server's own work.
func (c *crowd) loseLeaders(ctx context.Context, round int, timeout, ready time.Duration) []Sample {
	failed := func(err error) []Sample { return []Sample{Sample{Number: round, LostAt: time.Now()}.failed(err)} }
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
		metav1.ListOptions{LabelSelector: victimLabel + "=" + mark})
	if err != nil {
		return failed(fmt.Errorf("failed to delete leaders: %w", err))
	}
	call := milliseconds(time.Since(lost))
	samples := make([]Sample, len(leaders))
	for i, leader := range leaders {
		samples[i] = Sample{Number: round, Service: c.services[i], LostAt: lost, CallMs: call, From: leader.name}
		to, err := c.view.awaitMove(timed, c.services[i], leader.to, leader.moves)
		if err != nil {
			samples[i].Missed, samples[i].LatencyMs = true, milliseconds(timeout)
			continue
		}
		samples[i].To, samples[i].Term, samples[i].Reason = to.name, to.term, to.reason
		samples[i].LatencyMs = milliseconds(to.at.Sub(lost))
	}
	_, _ = c.awaitSteady(ctx, ready)
	for i, leader := range leaders {
		samples[i].Moves = c.view.movesSince(c.services[i], leader.moves)
	}
	return samples
}

// burstLeader is a Service's leader before a round, and how many moves there had been.
type burstLeader struct {
	move
	moves int
}

// awaitSteady waits until every Service may lose its leader, and returns those in the order of the Services.
func (c *crowd) awaitSteady(ctx context.Context, limit time.Duration) ([]burstLeader, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	leaders := make([]burstLeader, len(c.services))
	for i, service := range c.services {
		leader, moves, err := c.view.awaitSteady(ctx, service, c.steady)
		if err != nil {
			return nil, err
		}
		leaders[i] = burstLeader{move: leader, moves: moves}
	}
	return leaders, nil
}

// label marks the leaders, so that one request can name them all.
func (c *crowd) label(ctx context.Context, leaders []burstLeader, mark string) error {
	return inParallel(ctx, len(leaders), func(i int) error {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"uid": leaders[i].to, "labels": map[string]string{victimLabel: mark},
		}})
		if err != nil {
			return fmt.Errorf("failed to encode label: %w", err)
		}
		_, err = c.client.CoreV1().Pods(c.namespace).Patch(ctx, leaders[i].name, types.MergePatchType, patch, metav1.PatchOptions{})
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
