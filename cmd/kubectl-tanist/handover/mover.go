package handover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/klog/v2"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/retry"
)

// mover makes one hand-over.
type mover struct {
	options
	client kubernetes.Interface
}

// outcome is a hand-over that was made.
type outcome struct {
	leadership status.Leadership
	took       time.Duration
}

// examine reads what a hand-over depends on, and checks it. It finds the pod that should lead, if none was given. It returns an error only if it
// cannot read.
func (m *mover) examine(ctx context.Context) (*snapshot, []check, error) {
	s, err := m.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s, err = m.findSuccessor(ctx, s); err != nil {
		return nil, nil, err
	}
	to, checks := s.before(m.to)
	m.to = to
	if failed(checks) {
		return s, checks, nil
	}
	s.pod, err = m.client.CoreV1().Pods(m.namespace).Get(ctx, m.to, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return s, append(checks, check{problem: fmt.Errorf("pod %s does not exist in namespace %s", m.to, m.namespace)}), nil
	case apierrors.IsForbidden(err):
		s.pod = nil
	case err != nil:
		return nil, nil, fmt.Errorf("failed to get pod: %w", err)
	}
	return s, append(checks, s.of(m.to, m.keep)...), nil
}

// leadsAlready reports whether there is nothing to move.
func (m *mover) leadsAlready(s *snapshot) bool {
	return s.leadership.Leader.Name == m.to && s.leadership.Leader.Ready
}

// move prefers the pod, waits until it leads, and restores the annotation.
func (m *mover) move(ctx context.Context, s *snapshot) (outcome, error) {
	if err := m.mayWatch(ctx, s); err != nil {
		return outcome{}, err
	}
	started := time.Now()
	if err := m.prefer(ctx, s.source, m.to); err != nil {
		if errors.Is(err, retry.ErrUnanswered) {
			err = errors.Join(err, m.restore(ctx, s.source, m.to)) // the annotation may be there
		}
		return outcome{}, err
	}
	leadership, err := m.await(ctx, s)
	o := outcome{leadership, time.Since(started).Round(time.Millisecond)}
	if err == nil && m.keep {
		return o, nil
	}
	return o, errors.Join(err, m.restore(ctx, s.source, m.to))
}

// mayWatch returns an error if the EndpointSlices cannot be watched. Without that nobody would learn that the pod leads, so nothing is changed then.
func (m *mover) mayWatch(ctx context.Context, s *snapshot) error {
	options := slicesOf(s.leaderService)
	options.ResourceVersion = s.slices.ResourceVersion
	w, err := m.client.DiscoveryV1().EndpointSlices(m.namespace).Watch(ctx, options)
	if err != nil {
		return fmt.Errorf("failed to watch EndpointSlices: %w", err)
	}
	w.Stop()
	return nil
}

// await waits until an EndpointSlice shows that the pod leads. Its watch continues from the list in the snapshot, so it misses nothing,
// however fast Tanist is.
func (m *mover) await(ctx context.Context, s *snapshot) (status.Leadership, error) {
	// The watcher logs nothing: it would report the end of the wait as an error.
	waiting, cancel := context.WithTimeout(klog.NewContext(ctx, logr.Discard()), m.timeout)
	defer cancel()
	from := m.client.DiscoveryV1().EndpointSlices(m.namespace)
	selected := slicesOf(s.leaderService)
	lw := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
		opts.LabelSelector = selected.LabelSelector
		return from.Watch(ctx, opts)
	}}
	var leadership status.Leadership
	_, err := watchtools.Until(waiting, s.slices.ResourceVersion, lw, func(event watch.Event) (bool, error) {
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if event.Type == watch.Error {
			return false, fmt.Errorf("failed to watch EndpointSlices: %w", apierrors.FromObject(event.Object))
		}
		if !ok || event.Type == watch.Deleted {
			return false, nil
		}
		leadership = status.LeadershipOf(s.leaderService, []*discoveryv1.EndpointSlice{slice})
		return leadership.Leader != nil && leadership.Leader.Ready && leadership.Leader.Name == m.to && leadership.Term > s.leadership.Term, nil
	})
	switch {
	case err == nil:
		return leadership, nil
	case ctx.Err() != nil:
		return status.Leadership{}, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case waiting.Err() != nil:
		return status.Leadership{}, fmt.Errorf("%s did not lead within %s: Tanist is not running, or the pod cannot lead or is about to go; %s",
			m.to, m.timeout, s.hint())
	default:
		return status.Leadership{}, err
	}
}
