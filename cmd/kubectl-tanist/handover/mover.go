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

// mover makes one hand-over.
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
	if m.to, err = s.target(m.to); err != nil {
		return err
	}
	if s.pod, err = m.client.CoreV1().Pods(m.namespace).Get(ctx, m.to, metav1.GetOptions{}); apierrors.IsNotFound(err) {
		return fmt.Errorf("pod %s does not exist in namespace %s", m.to, m.namespace)
	} else if apierrors.IsForbidden(err) {
		s.pod = nil
	} else if err != nil {
		return fmt.Errorf("failed to get pod: %w", err)
	}
	if err := errors.Join(s.checkPod(), s.checkPreference(m.to, m.keep)); err != nil {
		return err
	}
	if s.leadership.Leader.Name == m.to && s.leadership.Leader.Ready {
		return m.leadsAlready(ctx, s)
	}
	if !s.options.Sticky && !m.keep {
		fmt.Fprintf(m.streams.ErrOut, "Warning: the Service is not sticky: a better pod takes over as soon as %s is no longer preferred\n", m.to)
	}
	return m.move(ctx, s)
}

// leadsAlready reports that there is nothing to do, except to set the annotation with --keep.
func (m *mover) leadsAlready(ctx context.Context, s *snapshot) error {
	fmt.Fprintf(m.streams.Out, "%s: %s leads already, term %d\n", m.service, m.to, s.leadership.Term)
	if m.keep {
		return m.prefer(ctx, s.source, m.to)
	}
	return nil
}

// move prefers the pod and waits until it leads.
func (m *mover) move(ctx context.Context, s *snapshot) error {
	started := time.Now()
	if err := m.prefer(ctx, s.source, m.to); err != nil {
		return err
	}
	leadership, err := m.await(ctx, s)
	took := time.Since(started)
	if err == nil && m.keep {
		m.report(s, leadership, took)
		return nil
	}
	restored := m.restore(ctx, s.source, m.to)
	if err != nil {
		return errors.Join(err, restored)
	}
	m.report(s, leadership, took)
	return restored
}

func (m *mover) report(s *snapshot, leadership status.Leadership, took time.Duration) {
	fmt.Fprintf(m.streams.Out, "%s: from %s to %s, term %d, after %s\n", m.service, s.leadership.Leader.Name, m.to, leadership.Term, took.Round(time.Millisecond))
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
