package handover

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// snapshot is the state before the hand-over.
type snapshot struct {
	source  *corev1.Service
	options config.Options
	// namespace is nil if the user may not read it.
	namespace *corev1.Namespace
	// leaderService is nil if there is none. Then nobody leads.
	leaderService *corev1.Service
	leadership    status.Leadership
	slices        *discoveryv1.EndpointSliceList
	// next says who follows by Tanist's rules. It is nil if the successor that Tanist has published counts.
	next *explain.Verdict
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
	made, err := core.Services(m.namespace).List(ctx, metav1.ListOptions{LabelSelector: config.SourceServiceKey + "=" + m.service})
	if err != nil {
		return nil, fmt.Errorf("failed to list leader Services: %w", err)
	}
	s.leaderService = status.LeaderServiceOf(s.source, s.options.LeaderService, status.Pointers(made.Items))
	if s.leaderService == nil {
		return s, nil
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
