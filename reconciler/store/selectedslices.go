package store

import (
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// The EndpointSlices of leader Services come from two caches, because a label selector cannot say "or":
//
//   - The manager's cache has all slices except those of the EndpointSlice controller, which are most of a cluster's slices.
//   - Another cache has the slices that the EndpointSlice controller makes for a leader Service to which someone has given a selector. They
//     are known by our label, which that controller copies from the Service.

// unselectedSlices selects the slices of the manager's cache.
func unselectedSlices() labels.Selector {
	return labels.NewSelector().Add(requirement(discoveryv1.LabelManagedBy, selection.NotIn, leaderslice.EndpointSliceController))
}

// SelectedSlices selects the slices of the other cache.
func SelectedSlices() labels.Selector {
	return labels.NewSelector().Add(
		requirement(discoveryv1.LabelManagedBy, selection.Equals, leaderslice.EndpointSliceController),
		requirement(config.SourceServiceKey, selection.Exists))
}

// requirement panics when the requirement is invalid. All keys and values here are constants.
func requirement(key string, operator selection.Operator, values ...string) labels.Requirement {
	made, err := labels.NewRequirement(key, operator, values)
	if err != nil {
		panic(err)
	}
	return *made
}
