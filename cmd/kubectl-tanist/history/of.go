package history

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Of returns the last moves of a Service's leader. services and slices are those of its namespace.
func Of(source *corev1.Service, services []*corev1.Service, slices []*discoveryv1.EndpointSlice) *History {
	h := &History{
		TypeMeta:  metav1.TypeMeta{APIVersion: status.APIVersion, Kind: Kind},
		Namespace: source.Namespace, Service: source.Name, Moves: []leaderslice.Move{},
	}
	options, _ := config.ParseOptions(source)
	leaderService := status.LeaderServiceOf(source, options.LeaderService, services)
	if leaderService == nil {
		h.note("the Service has no leader Service: kubectl tanist get %s --namespace %s", source.Name, source.Namespace)
		return h
	}
	h.LeaderService = leaderService.Name
	slice := primarySlice(leaderService, slices)
	if slice == nil {
		h.note("the leader Service %s has no EndpointSlice of Tanist yet", leaderService.Name)
		return h
	}
	moves, ok := leaderslice.ParseHistory(slice.Annotations)
	term := leaderslice.ParseTerm(slice.Annotations)
	switch {
	case !ok:
		h.note("the annotation %s of EndpointSlice %s is damaged. The next move replaces it", config.HistoryKey, slice.Name)
	case len(moves) == 0 && slice.Annotations[config.LeaderKey] == "":
		h.note("no pod has led yet")
	case len(moves) == 0 || moves[len(moves)-1].Term != term:
		h.note("how the term %d began is not recorded: a version of Tanist without a history wrote it, or someone changed the EndpointSlice", term)
	}
	h.Moves = append(h.Moves, moves...)
	return h
}

// primarySlice returns the slice that has the history; nil if there is none.
func primarySlice(leaderService *corev1.Service, slices []*discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	if len(leaderslice.Families(leaderService)) == 0 {
		return nil
	}
	name := leaderslice.Name(leaderService.Name, leaderslice.PrimaryFamily(leaderService))
	for _, slice := range slices {
		if slice.Name == name && leaderslice.OwnsSlice(slice, leaderService) {
			return slice
		}
	}
	return nil
}

func (h *History) note(format string, args ...any) {
	h.Notes = append(h.Notes, fmt.Sprintf(format, args...))
}
