package store

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NewFake returns stores for tests, as if informers had delivered these objects. It panics when an object cannot be stored.
func NewFake(objects ...metav1.Object) *Stores {
	s := empty()
	s.Installation = "tanist-system"
	for _, object := range objects {
		if err := s.add(object); err != nil {
			panic(err)
		}
	}
	return s
}
