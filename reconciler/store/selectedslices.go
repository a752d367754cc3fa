package store

import (
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// The EndpointSlices of leader Services come from two caches, because no label selector says "or". One has all slices but those of the
// EndpointSlice controller, which are most of a cluster's. The other has those that it makes of a leader Service that someone gives a
// selector: it copies the Service's labels to them.

// otherMakers selects the slices of the first cache.
func otherMakers() labels.Selector {
	return labels.NewSelector().Add(requirement(discoveryv1.LabelManagedBy, selection.NotIn, leaderslice.EndpointSliceController))
}

// SelectedOnes selects the slices of the second cache.
func SelectedOnes() labels.Selector {
	return labels.NewSelector().Add(
		requirement(discoveryv1.LabelManagedBy, selection.Equals, leaderslice.EndpointSliceController),
		requirement(config.SourceServiceKey, selection.Exists))
}

// requirement panics on what no label can be: all keys and values here are constants.
func requirement(key string, operator selection.Operator, values ...string) labels.Requirement {
	made, err := labels.NewRequirement(key, operator, values)
	if err != nil {
		panic(err)
	}
	return *made
}
