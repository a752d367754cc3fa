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

// snapshot is the state before the hand-over.
type snapshot struct {
	source  *corev1.Service
	options config.Options
	// namespace is nil if the user may not read it.
	namespace     *corev1.Namespace
	leaderService *corev1.Service
	leadership    status.Leadership
	slices        *discoveryv1.EndpointSliceList
	// pod is the pod that should lead. It is nil if the user may not read pods.
	pod *corev1.Pod
}

// read reads the snapshot. It does without what the user may not read, where it can.
func (m *mover) read(ctx context.Context) (*snapshot, error) {
	core := m.client.CoreV1()
	s := &snapshot{}
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
	if err := s.checkOptedIn(); err != nil {
		return nil, err
	}
	made, err := core.Services(m.namespace).List(ctx, metav1.ListOptions{LabelSelector: config.SourceServiceKey + "=" + m.service})
	if err != nil {
		return nil, fmt.Errorf("failed to list leader Services: %w", err)
	}
	s.leaderService = status.LeaderServiceOf(s.source, s.options.LeaderService, status.Pointers(made.Items))
	if s.leaderService == nil {
		return nil, fmt.Errorf("%s/%s has no leader Service: `kubectl tanist get %s -n %s` says why", m.namespace, m.service, m.service, m.namespace)
	}
	if s.slices, err = m.client.DiscoveryV1().EndpointSlices(m.namespace).List(ctx, slicesOf(s.leaderService)); err != nil {
		return nil, fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	s.leadership = status.LeadershipOf(s.leaderService, status.Pointers(s.slices.Items))
	return s, nil
}

// slicesOf selects the EndpointSlices of a leader Service.
func slicesOf(leaderService *corev1.Service) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + leaderService.Name}
}

// checkOptedIn returns an error if Tanist would not act on the Service.
func (s *snapshot) checkOptedIn() error {
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

// target returns the name of the pod that should lead.
func (s *snapshot) target(to string) (string, error) {
	if s.leadership.Leader == nil {
		return "", errors.New("nobody leads, so there is no leader to hand over from: " + s.hint())
	}
	if to != "" {
		return to, nil
	}
	successor, pending := status.Successor(s.leaderService, s.leadership)
	switch {
	case pending:
		return "", errors.New("the successor is not published yet: try again in a moment, or name the pod with --to")
	case successor == "":
		return "", fmt.Errorf("nobody can follow %s: no other pod of the Service is ready", s.leadership.Leader.Name)
	}
	return successor, nil
}

// checkPod returns an error if the pod cannot lead. If the user may not read the pod, Tanist decides.
func (s *snapshot) checkPod() error {
	pod := s.pod
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

// checkPreference returns an error if another pod is preferred. That pod would take over again once the annotation has been restored.
func (s *snapshot) checkPreference(to string, keep bool) error {
	preferred := s.options.PreferredLeader
	if keep || preferred == "" || preferred == to {
		return nil
	}
	return fmt.Errorf("the Service prefers pod %s (%s), which would take over again immediately: use --keep to prefer %s instead",
		preferred, config.PreferredLeaderKey, to)
}

func (s *snapshot) hint() string {
	return fmt.Sprintf("see `kubectl tanist get %s -n %s` and the Events of the Service", s.source.Name, s.source.Namespace)
}
