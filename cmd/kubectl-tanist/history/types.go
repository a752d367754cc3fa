package history

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Kind is the kind of what is printed as JSON or YAML, of the version status.APIVersion. Within a version, fields are added, but never renamed
// or removed.
const Kind = "History"

// History is the last moves of one Service's leader.
type History struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string `json:"namespace"`
	Service         string `json:"service"`
	LeaderService   string `json:"leaderService,omitempty"`
	// Moves are the last changes of leader, the latest one last.
	Moves []leaderslice.Move `json:"moves"`
	// Notes say what is missing.
	Notes []string `json:"notes,omitempty"`
}

// DeepCopyObject implements runtime.Object, which kubectl's printers take. The copy is shallow: a History never changes.
func (h *History) DeepCopyObject() runtime.Object {
	copied := *h
	return &copied
}
