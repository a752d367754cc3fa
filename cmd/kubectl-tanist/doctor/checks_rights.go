package doctor

import (
	"fmt"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

var rightsChecks = []check{
	{"rights", rights, "Tanist's account has the rights that it needs", checkRights},
}

func checkRights(f *facts) (found findings) {
	if f.rights.unread != "" {
		return skip(f.rights.unread)
	}
	about := "ServiceAccount " + f.tanistNamespace + "/" + f.account()
	for _, right := range f.rights.value {
		if right.granted || !f.needs(right.attributes) {
			continue
		}
		remedy := "install the chart or install.yaml again"
		if right.attributes.Subresource == evictions.Subresource {
			remedy = "install the chart with afterHandover.evictions=true, or remove " + config.AfterHandoverKey + ": " + config.AfterHandoverEvict + " from the Services that have it"
		}
		if right.attributes.Group == "coordination.k8s.io" && f.anyFollows(right.attributes.Namespace) {
			remedy = "install the chart with followLeases=true, or remove " + config.FollowLeaseKey + " from the Services that have it"
		}
		found.fail(about, "it may not "+describeRight(right.attributes), remedy)
	}
	return found
}

// needs reports whether an installation like this one needs a right: some belong to admission, some to metrics, and some to what Services ask for.
func (f *facts) needs(a authorizationv1.ResourceAttributes) bool {
	if a.Subresource == evictions.Subresource {
		return f.asksForEvictions(a.Namespace)
	}
	switch a.Group {
	case "admissionregistration.k8s.io":
		return !f.admissionOff()
	case "cert-manager.io":
		return !f.admissionOff() && !f.selfManaged()
	case "authentication.k8s.io":
		return !f.replicaFlag("--metrics-secure=false") || f.grantsTokens()
	case "authorization.k8s.io":
		return !f.replicaFlag("--metrics-secure=false")
	case "coordination.k8s.io":
		return a.Name != "" || a.Namespace == f.tanistNamespace || f.anyFollows(a.Namespace)
	}
	return true
}

// anyFollows reports whether any Service of a namespace follows a Lease; of any namespace if it is empty.
func (f *facts) anyFollows(namespace string) bool {
	return slices.ContainsFunc(f.leaders, func(l leader) bool {
		return l.options.FollowLease != "" && (namespace == "" || namespace == l.source.Namespace)
	})
}

// asksForEvictions reports whether any Service of a namespace asks for the eviction of its old leader; of any namespace if it is empty.
func (f *facts) asksForEvictions(namespace string) bool {
	return slices.ContainsFunc(f.services.value, func(service *corev1.Service) bool {
		options, _ := config.ParseOptions(service)
		return config.Enabled(service.Annotations) && options.AfterHandover.Evict && (namespace == "" || namespace == service.Namespace)
	})
}

func describeRight(a authorizationv1.ResourceAttributes) string {
	resource := a.Resource
	if a.Subresource != "" {
		resource += "/" + a.Subresource
	}
	if a.Group != "" {
		resource += "." + a.Group
	}
	text := a.Verb + " " + resource
	if a.Name != "" {
		text += " " + a.Name
	}
	if a.Namespace != "" {
		return fmt.Sprintf("%s in namespace %s", text, a.Namespace)
	}
	return text
}
