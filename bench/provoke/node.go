package provoke

import (
	"context"
	"fmt"
	"strconv"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
	"github.com/tanist-dev/tanist/config"
)

const (
	// The loss is dated to when the last probe was sent that succeeded, so it may be up to probeInterval later.
	probeInterval = 20 * time.Millisecond
	probeTimeout  = 300 * time.Millisecond
	// failureThreshold is how many probes in a row fail before the pod counts as gone: one answer may be late or get lost.
	failureThreshold = 2
)

// awaitSilence asks the user to switch off the pod's node, waits until the pod no longer answers, and returns the time at which the last probe
// was sent that it answered. Nothing in the cluster can switch off a node. Requests go through the API server, which reaches pods wherever bench runs.
func (p Provoker) awaitSilence(ctx context.Context, pod watch.Pod) (last time.Time, err error) {
	p.Printf("Now switch off node %s, as a loss of power would: stop its machine, without a shutdown. Waiting until pod %s no longer answers",
		pod.Node, pod.Name)
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	last = time.Now()
	for failures := 0; ; {
		asked := time.Now()
		err := p.probe(ctx, pod)
		switch {
		case err == nil:
			last, failures = asked, 0
		case notProxied(err):
			return last, fmt.Errorf("failed to ask the pod whether it still answers: %w", err)
		case ctx.Err() == nil:
			failures++
		}
		if failures == failureThreshold {
			return last, nil
		}
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("the pod still answers: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (p Provoker) probe(ctx context.Context, pod watch.Pod) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return p.Client.CoreV1().RESTClient().Get().Namespace(p.Namespace).Resource("pods").
		Name(pod.Name + ":" + strconv.Itoa(testbed.ServerPort)).SubResource("proxy").MaxRetries(0).Do(ctx).Error()
}

// notProxied reports whether an error shows that the API server is not there or has refused the request, so that it says nothing about the pod.
func notProxied(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsUnauthorized(err) || apierrors.IsTooManyRequests(err) ||
		utilnet.IsConnectionRefused(err)
}

// clearRecordedLosses removes what the slices of bench's own Services record of losses. Otherwise Tanist would put off the next moves, and
// bench would measure that delay.
func (p Provoker) clearRecordedLosses(ctx context.Context) error {
	slices, err := p.Client.DiscoveryV1().EndpointSlices(p.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy,
	})
	if err != nil {
		return fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:null}}}`, config.LostKey)
	for i := range slices.Items {
		name := slices.Items[i].Name
		if _, err := p.Client.DiscoveryV1().EndpointSlices(p.Namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("failed to patch EndpointSlice %s: %w", name, err)
		}
	}
	return nil
}
