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
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/klog/v2"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// mover carries one hand-over out.
type mover struct {
	options
	client  kubernetes.Interface
	streams genericiooptions.IOStreams
}

func (m *mover) run(ctx context.Context) error {
	s, err := m.read(ctx)
	if err != nil {
		return err
	}
	if m.to, err = s.aim(m.to); err != nil {
		return err
	}
	if s.target, err = m.client.CoreV1().Pods(m.namespace).Get(ctx, m.to, metav1.GetOptions{}); apierrors.IsNotFound(err) {
		return fmt.Errorf("pod %s does not exist in namespace %s", m.to, m.namespace)
	} else if apierrors.IsForbidden(err) {
		s.target = nil
	} else if err != nil {
		return fmt.Errorf("failed to get pod: %w", err)
	}
	if err := errors.Join(s.refuse(), s.rival(m.to, m.keep)); err != nil {
		return err
	}
	if s.reign.Leader.Name == m.to && s.reign.Leader.Ready {
		return m.already(ctx, s)
	}
	if !s.options.Sticky && !m.keep {
		fmt.Fprintf(m.streams.ErrOut, "Warning: the Service is not sticky: a better pod takes over again as soon as %s is no longer preferred\n", m.to)
	}
	return m.move(ctx, s)
}

// already is for a pod that leads before anything is done.
func (m *mover) already(ctx context.Context, s *scene) error {
	fmt.Fprintf(m.streams.Out, "%s: %s leads already, term %d\n", m.service, m.to, s.reign.Term)
	if m.keep {
		return m.prefer(ctx, s.source, m.to)
	}
	return nil
}

// move prefers the pod, and waits until it leads.
func (m *mover) move(ctx context.Context, s *scene) error {
	started := time.Now()
	if err := m.prefer(ctx, s.source, m.to); err != nil {
		return err
	}
	reign, err := m.await(ctx, s)
	took := time.Since(started)
	if err == nil && m.keep {
		m.tell(s, reign, took)
		return nil
	}
	restored := m.restore(ctx, s.source, m.to)
	if err != nil {
		return errors.Join(err, restored)
	}
	m.tell(s, reign, took)
	return restored
}

func (m *mover) tell(s *scene, reign status.Reign, took time.Duration) {
	fmt.Fprintf(m.streams.Out, "%s: from %s to %s, term %d, after %s\n", m.service, s.reign.Leader.Name, m.to, reign.Term, took.Round(time.Millisecond))
}

// await waits until a slice says that the pod leads. Its watch goes on from the list that the hand-over began with, so it does not
// matter how fast Tanist was.
func (m *mover) await(ctx context.Context, s *scene) (status.Reign, error) {
	// Without a log: the watcher would report the end of the wait as an error of its own.
	waiting, cancel := context.WithTimeout(klog.NewContext(ctx, logr.Discard()), m.timeout)
	defer cancel()
	from := m.client.DiscoveryV1().EndpointSlices(m.namespace)
	selected := slicesOf(s.leaderService)
	lw := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
		opts.LabelSelector = selected.LabelSelector
		return from.Watch(ctx, opts)
	}}
	var reign status.Reign
	_, err := watchtools.Until(waiting, s.slices.ResourceVersion, lw, func(event watch.Event) (bool, error) {
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if event.Type == watch.Error {
			return false, fmt.Errorf("failed to watch EndpointSlices: %w", apierrors.FromObject(event.Object))
		}
		if !ok || event.Type == watch.Deleted {
			return false, nil
		}
		reign = status.Reigning(s.leaderService, []*discoveryv1.EndpointSlice{slice})
		return reign.Leader != nil && reign.Leader.Ready && reign.Leader.Name == m.to && reign.Term > s.reign.Term, nil
	})
	switch {
	case err == nil:
		return reign, nil
	case ctx.Err() != nil:
		return status.Reign{}, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case waiting.Err() != nil:
		return status.Reign{}, fmt.Errorf("%s did not lead within %s: Tanist is not running, or the pod cannot lead or is about to go; %s",
			m.to, m.timeout, s.hint())
	default:
		return status.Reign{}, err
	}
}
