package status

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/config"
)

// traffic returns the warnings about where requests go.
func (f findings) traffic(l Leader) []Warning {
	all := f.unserved(l)
	if f.leaderService != nil {
		all = append(all, f.elsewhere()...)
	}
	if lacks := f.incomplete(l); lacks != "" {
		all = append(all, Warning{IncompleteLeader, lacks})
	}
	if f.leaderPod != nil && !config.Probed(&f.leaderPod.Spec) {
		all = append(all, Warning{NoReadinessProbe, l.Leader.Name + " counts as ready as soon as its containers have started, whether or not it answers"})
	}
	all = append(all, f.candidates(l)...)
	return append(all, f.windows(l)...)
}

// incomplete returns which of the Service's ports and required address families have no endpoint although a pod leads. It is empty if
// all have one.
func (f findings) incomplete(l Leader) string {
	if l.Leader == nil || f.leaderService == nil {
		return ""
	}
	policy := f.Service.Spec.IPFamilyPolicy
	required := policy != nil && *policy == corev1.IPFamilyPolicyRequireDualStack
	lacks := sets.New[string]()
	for _, slice := range named(f.leaderService, f.Slices) {
		if !madeSlice(slice, f.leaderService) {
			continue
		}
		if len(slice.Endpoints) == 0 && required {
			lacks.Insert("address family " + string(slice.AddressType))
		}
		for i := range f.Service.Spec.Ports {
			port := &f.Service.Spec.Ports[i]
			if !slices.ContainsFunc(slice.Ports, func(p discoveryv1.EndpointPort) bool { return p.Name != nil && *p.Name == port.Name }) {
				lacks.Insert("port " + cmp.Or(port.Name, strconv.Itoa(int(port.Port))))
			}
		}
	}
	if len(lacks) == 0 {
		return ""
	}
	return l.Leader.Name + " does not have " + strings.Join(sets.List(lacks), ", ")
}

// elsewhere returns the warnings about EndpointSlices that send traffic to another pod than the leader.
func (f findings) elsewhere() []Warning {
	ready := map[string]sets.Set[string]{}
	var foreign []string
	several := false
	for _, slice := range named(f.leaderService, f.Slices) {
		family := string(slice.AddressType)
		if ready[family] == nil {
			ready[family] = sets.New[string]()
		}
		for i := range slice.Endpoints {
			if endpoint := &slice.Endpoints[i]; isReady(endpoint) {
				ready[family].Insert(endpoint.Addresses...)
			}
		}
		several = several || ready[family].Len() > 1
		if !madeSlice(slice, f.leaderService) && len(slice.Endpoints) > 0 {
			foreign = append(foreign, foreignSlice(slice, f.leaderService))
		}
	}
	detail := strings.Join(foreign, "; ")
	switch {
	case several && len(foreign) == 0:
		return []Warning{{SeveralReady, "someone has changed one of Tanist's own EndpointSlices"}}
	case several:
		return []Warning{{SeveralReady, detail}}
	case len(foreign) > 0:
		return []Warning{{ForeignSlice, detail}}
	default:
		return nil
	}
}

// Values of endpointslice.kubernetes.io/managed-by on the slices of Kubernetes' own controllers.
const (
	endpointSliceController = "endpointslice-controller.k8s.io"
	mirroringController     = "endpointslicemirroring-controller.k8s.io"
)

// foreignSlice returns who created a slice, and what to do. Deleting a slice that a controller would create again is no help.
func foreignSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) string {
	takes := "EndpointSlice " + slice.Name + " is not Tanist's and takes traffic of Service " + leaderService.Name
	switch maker := slice.Labels[discoveryv1.LabelManagedBy]; maker {
	case endpointSliceController:
		return takes + ": the Service had a selector for a moment; Tanist removes the slice"
	case mirroringController:
		return takes + ": it is Kubernetes' copy of Endpoints " + leaderService.Name + "; if Tanist does not remove that, delete that Endpoints object"
	case "":
		return takes + ": remove its label " + discoveryv1.LabelServiceName
	default:
		return takes + ": stop " + maker + ", which manages it"
	}
}

func selectorOf(service *corev1.Service) string {
	return labels.SelectorFromSet(service.Spec.Selector).String()
}
