package handover

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// leaderOn is a Service whose leader is on the node.
type leaderOn struct {
	namespace, service string
	leader             string
	// successor is the one that Tanist has published; empty if there is none.
	successor string
}

// ledOn returns the Services whose leaders are on a node, sorted.
func ledOn(node string, services []*corev1.Service, endpointSlices []*discoveryv1.EndpointSlice) []leaderOn {
	servicesIn := map[string][]*corev1.Service{}
	for _, service := range services {
		servicesIn[service.Namespace] = append(servicesIn[service.Namespace], service)
	}
	slicesIn := map[string][]*discoveryv1.EndpointSlice{}
	for _, slice := range endpointSlices {
		slicesIn[slice.Namespace] = append(slicesIn[slice.Namespace], slice)
	}
	var all []leaderOn
	for namespace, services := range servicesIn {
		for _, service := range services {
			if _, asks := service.Annotations[config.EnabledKey]; !asks {
				continue
			}
			options, _ := config.ParseOptions(service)
			leaderService := status.LeaderServiceOf(service, options.LeaderService, services)
			if leaderService == nil {
				continue
			}
			leadership := status.LeadershipOf(leaderService, slicesIn[namespace])
			if leadership.Leader == nil || leadership.Leader.Node != node {
				continue
			}
			successor, _ := status.Successor(leaderService, leadership)
			all = append(all, leaderOn{namespace, service.Name, leadership.Leader.Name, successor})
		}
	}
	slices.SortFunc(all, func(a, b leaderOn) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.service, b.service))
	})
	return all
}

// readLed reads the Services whose leaders are on the node, in the namespace or in all.
func (o *options) readLed(ctx context.Context, client kubernetes.Interface) ([]leaderOn, error) {
	services, err := client.CoreV1().Services(o.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("failed to list Services: %w", err)
	}
	// A cluster may have many more EndpointSlices. Tanist puts the label back if somebody changes it.
	ours := metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy}
	endpointSlices, err := client.DiscoveryV1().EndpointSlices(o.namespace).List(ctx, ours)
	if err != nil {
		return nil, fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	return ledOn(o.node, status.Pointers(services.Items), status.Pointers(endpointSlices.Items)), nil
}
