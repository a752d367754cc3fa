package config

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Workload is the value of the annotation tanist.dev/same-controller: the kind and name of the controller that the leader must belong to.
// The zero value stands for any.
type Workload struct{ Kind, Name string }

// String returns the workload as a user writes it.
func (w Workload) String() string {
	if w == (Workload{}) {
		return ""
	}
	return w.Kind + "/" + w.Name
}

// kindPattern matches the name of a kind, which is as long as a DNS label at most.
var kindPattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)

// workload parses the kind and name of a workload. An empty value does not lift the restriction, but is an error: it may be
// a mistake.
func (p *parser) workload(key string, into *Workload) {
	value, found := p.annotations[key]
	if !found {
		return
	}
	kind, name, _ := strings.Cut(value, "/")
	if !kindPattern.MatchString(kind) || len(validation.IsDNS1123Subdomain(name)) > 0 {
		p.reject(key, value, "must be the kind and name of the controller of the pods, such as Deployment/web or StatefulSet/db")
		return
	}
	*into = Workload{Kind: kind, Name: name}
}
