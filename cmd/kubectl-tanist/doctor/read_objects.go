package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/leases"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// readObjects reads the Services that ask for a leader, and what belongs to them.
func (r *reader) readObjects(ctx context.Context, f *facts) error {
	core := r.client.CoreV1()
	services, servicesErr := core.Services(r.namespace).List(ctx, list)
	endpointSlices, slicesErr := r.client.DiscoveryV1().EndpointSlices(r.namespace).List(ctx, list)
	pods, podsErr := core.Pods(r.namespace).List(ctx, list)
	budgets, budgetsErr := r.client.PolicyV1().PodDisruptionBudgets(r.namespace).List(ctx, list)
	refusals, refusalsErr := core.Events(r.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("reason", status.ReasonWriteRefused).String(),
	})
	endpoints, endpointsErr := r.endpoints(ctx)
	return errors.Join(
		r.readNamespaces(ctx, f),
		answered(&f.services, "Services", listed(services, servicesErr, func(l *corev1.ServiceList) []corev1.Service { return l.Items }), servicesErr),
		answered(&f.slices, "EndpointSlices",
			listed(endpointSlices, slicesErr, func(l *discoveryv1.EndpointSliceList) []discoveryv1.EndpointSlice { return l.Items }), slicesErr),
		answered(&f.pods, "pods", listed(pods, podsErr, func(l *corev1.PodList) []corev1.Pod { return l.Items }), podsErr),
		answered(&f.budgets, "PodDisruptionBudgets",
			listed(budgets, budgetsErr, func(l *policyv1.PodDisruptionBudgetList) []policyv1.PodDisruptionBudget { return l.Items }), budgetsErr),
		answered(&f.refusals, "Events", listed(refusals, refusalsErr, func(l *corev1.EventList) []corev1.Event { return l.Items }), refusalsErr),
		answered(&f.endpoints, "Endpoints", endpoints, endpointsErr),
	)
}

// readFollowed reads the Leases that Services follow, which the Services name.
func (r *reader) readFollowed(ctx context.Context, f *facts) error {
	asking := slices.DeleteFunc(slices.Clone(f.services.value), func(s *corev1.Service) bool { return !asks(s) })
	found, err := leases.Read(ctx, r.client, asking)
	return answered(&f.followed, "Leases that Services follow", found, err)
}

// readNamespaces reads the Namespaces. A user with rights in one namespace may get it, and list none.
func (r *reader) readNamespaces(ctx context.Context, f *facts) error {
	api := r.client.CoreV1().Namespaces()
	if r.namespace == "" {
		all, err := api.List(ctx, list)
		return answered(&f.namespaces, "Namespaces", listed(all, err, func(l *corev1.NamespaceList) []corev1.Namespace { return l.Items }), err)
	}
	one, err := api.Get(ctx, r.namespace, get)
	if apierrors.IsNotFound(err) { // a typing mistake must not look like a namespace in which nothing is wrong
		return fmt.Errorf("namespace %s does not exist", r.namespace)
	}
	return answered(&f.namespaces, "Namespace "+r.namespace, []*corev1.Namespace{one}, err)
}

// endpoints returns the Endpoints that have an address. Kubernetes copies only these into slices.
func (r *reader) endpoints(ctx context.Context) ([]objectName, error) {
	all, err := r.client.CoreV1().Endpoints(r.namespace).List(ctx, list)
	if err != nil {
		return nil, err
	}
	var names []objectName
	for _, endpoints := range all.Items {
		for _, subset := range endpoints.Subsets {
			if len(subset.Addresses)+len(subset.NotReadyAddresses) > 0 {
				names = append(names, objectName{endpoints.Namespace, endpoints.Name})
				break
			}
		}
	}
	return names, nil
}

// readNodes reads whether the cluster has more than one node. Two are enough to know.
func (r *reader) readNodes(ctx context.Context, f *facts) error {
	nodes, err := r.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 2})
	return answered(&f.oneNode, "nodes", err == nil && len(nodes.Items) == 1, err)
}
