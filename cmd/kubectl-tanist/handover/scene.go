package handover

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// scene is what a hand-over begins with.
type scene struct {
	source  *corev1.Service
	options config.Options
	// namespace is nil when it may not be read.
	namespace     *corev1.Namespace
	leaderService *corev1.Service
	reign         status.Reign
	slices        *discoveryv1.EndpointSliceList
	// target is the pod that should lead; nil when pods may not be read.
	target *corev1.Pod
}

// read reads it, with as many rights as there are.
func (m *mover) read(ctx context.Context) (*scene, error) {
	core := m.client.CoreV1()
	s := &scene{}
	var err error
	if s.source, err = core.Services(m.namespace).Get(ctx, m.service, metav1.GetOptions{}); err != nil {
		return nil, fmt.Errorf("failed to get Service: %w", err)
	}
	s.options, _ = config.ParseOptions(s.source)
	if s.namespace, err = core.Namespaces().Get(ctx, m.namespace, metav1.GetOptions{}); apierrors.IsForbidden(err) {
		s.namespace = nil
	} else if err != nil {
		return nil, fmt.Errorf("failed to get namespace: %w", err)
	}
	if err := s.optedIn(); err != nil {
		return nil, err
	}
	made, err := core.Services(m.namespace).List(ctx, metav1.ListOptions{LabelSelector: config.SourceServiceKey + "=" + m.service})
	if err != nil {
		return nil, fmt.Errorf("failed to list leader Services: %w", err)
	}
	s.leaderService = status.LeaderServiceOf(s.source, s.options.LeaderService, pointers(made.Items))
	if s.leaderService == nil {
		return nil, fmt.Errorf("%s/%s has no leader Service: `kubectl tanist get %s -n %s` says why", m.namespace, m.service, m.service, m.namespace)
	}
	if s.slices, err = m.client.DiscoveryV1().EndpointSlices(m.namespace).List(ctx, slicesOf(s.leaderService)); err != nil {
		return nil, fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	s.reign = status.Reigning(s.leaderService, pointers(s.slices.Items))
	return s, nil
}

// slicesOf selects the slices of a leader Service.
func slicesOf(leaderService *corev1.Service) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + leaderService.Name}
}

func pointers[T any](items []T) []*T {
	all := make([]*T, 0, len(items))
	for i := range items {
		all = append(all, &items[i])
	}
	return all
}

// optedIn says why Tanist would not act.
func (s *scene) optedIn() error {
	switch {
	case s.source.Labels[config.SourceServiceKey] != "":
		return fmt.Errorf("%s/%s is a leader Service: name the Service it was made for, %s", s.source.Namespace, s.source.Name, s.source.Labels[config.SourceServiceKey])
	case s.namespace != nil && !config.Enabled(s.namespace.Labels):
		return fmt.Errorf("namespace %s is not opted in: kubectl label namespace %s %s=true", s.namespace.Name, s.namespace.Name, config.EnabledKey)
	case !config.Enabled(s.source.Annotations):
		return fmt.Errorf("%s/%s is not opted in: kubectl annotate service %s -n %s %s=true",
			s.source.Namespace, s.source.Name, s.source.Name, s.source.Namespace, config.EnabledKey)
	}
	return nil
}

// aim says which pod should lead.
func (s *scene) aim(to string) (string, error) {
	if s.reign.Leader == nil {
		return "", errors.New("nobody leads, so there is no leader to hand over from: " + s.hint())
	}
	if to != "" {
		return to, nil
	}
	successor, pending := status.Successor(s.leaderService, s.reign)
	switch {
	case pending:
		return "", errors.New("it is not published yet who would follow: try again in a moment, or name the pod with --to")
	case successor == "":
		return "", fmt.Errorf("nobody can follow %s: no other pod of the Service is ready", s.reign.Leader.Name)
	}
	return successor, nil
}

// refuse says why a pod cannot lead. What is not known is left to Tanist.
func (s *scene) refuse() error {
	pod := s.target
	switch {
	case pod == nil:
		return nil
	case !labels.SelectorFromSet(s.source.Spec.Selector).Matches(labels.Set(pod.Labels)):
		return fmt.Errorf("pod %s is not selected by Service %s (%s)", pod.Name, s.source.Name, labels.SelectorFromSet(s.source.Spec.Selector))
	case pod.DeletionTimestamp != nil:
		return fmt.Errorf("pod %s is being deleted", pod.Name)
	case !status.Ready(pod):
		return fmt.Errorf("pod %s is not ready", pod.Name)
	}
	return nil
}

// rival says so when another pod is preferred: once the annotation is back, that one would take over again.
func (s *scene) rival(to string, keep bool) error {
	preferred := s.options.PreferredLeader
	if keep || preferred == "" || preferred == to {
		return nil
	}
	return fmt.Errorf("the Service prefers pod %s (%s), which would take over again at once: use --keep to prefer %s instead",
		preferred, config.PreferredLeaderKey, to)
}

func (s *scene) hint() string {
	return fmt.Sprintf("see `kubectl tanist get %s -n %s` and the Events of the Service", s.source.Name, s.source.Namespace)
}
