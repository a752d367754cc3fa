package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
	"github.com/tanist-dev/tanist/config"
)

const (
	// askEvery is how often the pod is asked whether it still answers, and answerWithin how long an answer may take. The loss is dated to the
	// last answer, so it may be that much later.
	askEvery     = 20 * time.Millisecond
	answerWithin = 300 * time.Millisecond
)

// awaitSilence asks the user to switch off the pod's node, and returns when the pod last answered. Nothing in the cluster can switch off a
// node. Requests go through the API server, which reaches pods wherever bench runs.
func (p provoker) awaitSilence(ctx context.Context, pod watch.Pod) (last time.Time, err error) {
	p.printf("Now switch off node %s, as a loss of power would: stop its machine, without a shutdown. Waiting until pod %s no longer answers",
		pod.Node, pod.Name)
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	last = time.Now()
	for {
		asked := time.Now()
		if err := p.ask(ctx, pod); err != nil && ctx.Err() == nil {
			return last, nil
		}
		last = asked
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("the pod still answers: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (p provoker) ask(ctx context.Context, pod watch.Pod) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return p.client.CoreV1().RESTClient().Get().Namespace(p.namespace).Resource("pods").
		Name(pod.Name + ":" + strconv.Itoa(testbed.ServerPort)).SubResource("proxy").MaxRetries(0).Do(ctx).Error()
}

// forgetLosses removes what Tanist remembers of the losses of bench's own Services: it would put off the next ones, and measure nothing but
// that.
func (p provoker) forgetLosses(ctx context.Context) error {
	slices, err := p.client.DiscoveryV1().EndpointSlices(p.namespace).List(ctx, metav1.ListOptions{
		LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy,
	})
	if err != nil {
		return fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:null}}}`, config.LostKey)
	for i := range slices.Items {
		name := slices.Items[i].Name
		if _, err := p.client.DiscoveryV1().EndpointSlices(p.namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("failed to patch EndpointSlice %s: %w", name, err)
		}
	}
	return nil
}
