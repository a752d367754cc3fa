package afterhandover

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// load reads the input from memory. It returns false if the Service has no old leader.
func (c *Controller) load(key types.NamespacedName) (in input, found bool) {
	in.source = c.stores.Service(key)
	if in.source == nil || !c.stores.Serves(in.source) {
		return in, false
	}
	leaderService, options, _ := c.stores.LeaderServiceOf(in.source)
	if leaderService == nil || leaderService.DeletionTimestamp != nil || !c.stores.ServedByUs(leaderService) || len(leaderslice.Families(leaderService)) == 0 {
		return in, false
	}
	in.leaderService, in.options = leaderService, options.AfterHandover
	for _, slice := range c.stores.SlicesOf(key, []*corev1.Service{leaderService}) {
		if slice.Name == in.sliceName() {
			in.addSlice(slice)
		}
	}
	if in.old == (leaderslice.OldLeader{}) {
		return in, false
	}
	in.setPod(c.stores.Pod(types.NamespacedName{Namespace: key.Namespace, Name: in.old.Name}))
	in.tried = c.memory.attemptsOf(key, in.state.Term)
	return in, true
}

// refresh reads live what an action depends on: the leader may have moved on, and another pod may have the address by now. The account may not
// get single pods, so it lists the one.
func (c *Controller) refresh(ctx context.Context, in *input) error {
	slice, name := &discoveryv1.EndpointSlice{}, in.sliceName()
	key := types.NamespacedName{Namespace: in.source.Namespace, Name: name}
	if err := c.read(ctx, func(ctx context.Context) error { return client.IgnoreNotFound(c.live.Get(ctx, key, slice)) }); err != nil {
		return fmt.Errorf("failed to read EndpointSlice %s: %w", name, err)
	}
	pods := &corev1.PodList{}
	if err := c.read(ctx, func(ctx context.Context) error {
		return c.live.List(ctx, pods, client.InNamespace(in.source.Namespace), client.MatchingFields{"metadata.name": in.old.Name})
	}); err != nil {
		return fmt.Errorf("failed to read Pod %s: %w", in.old.Name, err)
	}
	term := in.state.Term
	in.state, in.old = leaderslice.State{}, leaderslice.OldLeader{}
	in.addSlice(slice)
	if in.state.Term != term {
		in.old = leaderslice.OldLeader{} // the event of the newer slice decides
	}
	var pod *corev1.Pod
	if len(pods.Items) > 0 {
		pod = trim.Pod(&pods.Items[0])
	}
	in.setPod(pod)
	return nil
}

// sliceName returns the name of the primary family's slice.
func (in *input) sliceName() string {
	return leaderslice.Name(in.leaderService.Name, leaderslice.PrimaryFamily(in.leaderService))
}

// addSlice adds what the primary slice says, if it is ours.
func (in *input) addSlice(slice *discoveryv1.EndpointSlice) {
	if leaderslice.OwnsSlice(slice, in.leaderService) {
		parsed := leaderslice.Parse(slice)
		in.state, in.old = parsed.State, parsed.OldLeader
	}
}

// setPod sets the pod with the old leader's name, nil if there is none. It leaves out one that has finished or that the Service does not select: who
// may write EndpointSlices must not have another pod evicted or called.
func (in *input) setPod(pod *corev1.Pod) {
	in.pod, in.gone = nil, pod == nil || pod.UID != in.old.UID
	if pod == nil || len(in.source.Spec.Selector) == 0 || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	if labels.SelectorFromSet(in.source.Spec.Selector).Matches(labels.Set(pod.Labels)) {
		in.pod = pod
	}
}
