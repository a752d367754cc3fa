package informers

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kind is a kind of objects that is watched in each namespace. Two may be of the same type and have different selectors.
type Kind struct {
	// Name identifies the kind, in logs too.
	Name string
	// Object is an empty object of the type. For PartialObjectMetadata, which names its type, the API server sends only the metadata.
	Object client.Object
	// Label and Field select the objects; nil for all.
	Label labels.Selector
	Field fields.Selector
	// Indexers are the indexes of each namespace's store.
	Indexers toolscache.Indexers
	// Followed says that Objects.Delivered is asked for.
	Followed bool
}

// narrow makes a request ask for the kind's objects alone.
func (k Kind) narrow(options *metav1.ListOptions) {
	if k.Label != nil {
		options.LabelSelector = k.Label.String()
	}
	if k.Field != nil {
		options.FieldSelector = k.Field.String()
	}
}
