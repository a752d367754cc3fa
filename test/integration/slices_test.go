//go:build integration

package integration_test

import (
	"fmt"
	"slices"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

// kube-proxy merges all EndpointSlices of a Service, whoever made them. These checks look at all of them.

// readyIn returns the ready endpoints of a Service in some slices, as <slice>: <address>.
func readyIn(all []*discoveryv1.EndpointSlice, service string) (found []string) {
	for _, slice := range all {
		if slice.Labels[discoveryv1.LabelServiceName] != service {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				found = append(found, slice.Name+": "+endpoint.Addresses[0])
			}
		}
	}
	slices.Sort(found)
	return found
}

// slicesOf returns the slices of a Service.
func (s *testNamespace) slicesOf(service string) (found []*discoveryv1.EndpointSlice) {
	for _, object := range history.objects("EndpointSlice", s.namespace) {
		if slice := object.(*discoveryv1.EndpointSlice); slice.Labels[discoveryv1.LabelServiceName] == service {
			found = append(found, slice)
		}
	}
	return found
}

// onlyOurs waits until all slices of a leader Service are Tanist's, with one ready endpoint per address family.
func (s *testNamespace) onlyOurs(leaderService string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		all := s.slicesOf(leaderService)
		for _, slice := range all {
			if by := slice.Labels[discoveryv1.LabelManagedBy]; by != config.SliceManagedBy {
				return fmt.Sprintf("that slice %s of %s goes", slice.Name, by)
			}
		}
		families := len(history.service(s.namespace, leaderService).Spec.IPFamilies)
		if ready := readyIn(all, leaderService); len(ready) != families {
			return fmt.Sprintf("%d ready endpoints of %s, got %v", families, leaderService, ready)
		}
		return ""
	})
}

// mark returns how many versions of slices there have been so far.
func (s *testNamespace) mark() int { return len(history.all("EndpointSlice", s.namespace)) }

// everReady calls look with the ready endpoints of a Service after each change of its slices since a mark.
func (s *testNamespace) everReady(service string, mark int, look func(ready []string)) {
	now := map[string]*discoveryv1.EndpointSlice{}
	for i, v := range history.all("EndpointSlice", s.namespace) {
		if v.gone {
			delete(now, v.key)
		} else {
			now[v.key] = v.object.(*discoveryv1.EndpointSlice)
		}
		if i < mark {
			continue
		}
		var all []*discoveryv1.EndpointSlice
		for _, slice := range now {
			all = append(all, slice)
		}
		look(readyIn(all, service))
	}
}

// alwaysOne checks that a leader Service has had one ready endpoint all the time since a mark.
func (s *testNamespace) alwaysOne(leaderService string, mark int) {
	s.t.Helper()
	s.everReady(leaderService, mark, func(ready []string) {
		if len(ready) != 1 {
			s.t.Errorf("%s had the ready endpoints %v", leaderService, ready)
		}
	})
}
