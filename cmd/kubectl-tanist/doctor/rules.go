package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// manifestNamespace is the namespace in install.yaml.
const manifestNamespace = "tanist-system"

// role is what a manifest's Role or ClusterRole, or a binding of one, has in common.
type role struct {
	Kind     string                `json:"kind"`
	Metadata struct{ Name string } `json:"metadata"`
	Rules    []rbacv1.PolicyRule   `json:"rules"`
	RoleRef  rbacv1.RoleRef        `json:"roleRef"`
}

// rightsIn returns the rights that a manifest's bindings give, one verb and resource each, for an installation in another namespace.
func rightsIn(manifest []byte, namespace string) ([]authorizationv1.ResourceAttributes, error) {
	roles, bound := map[string]role{}, []rbacv1.RoleRef{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	for {
		var document role
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read manifest: %w", err)
		}
		switch document.Kind {
		case "Role", "ClusterRole":
			roles[document.Kind+"/"+document.Metadata.Name] = document
		case "RoleBinding", "ClusterRoleBinding":
			bound = append(bound, document.RoleRef)
		}
	}
	var all []authorizationv1.ResourceAttributes
	for _, ref := range bound {
		scope := ""
		if ref.Kind == "Role" {
			scope = namespace
		}
		for _, rule := range roles[ref.Kind+"/"+ref.Name].Rules {
			all = append(all, attributesOf(rule, scope, namespace)...)
		}
	}
	return all, nil
}

// attributesOf returns what a rule allows, one by one.
func attributesOf(rule rbacv1.PolicyRule, scope, namespace string) []authorizationv1.ResourceAttributes {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	var all []authorizationv1.ResourceAttributes
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			resource, subresource, _ := strings.Cut(resource, "/")
			for _, name := range names {
				if rest, found := strings.CutPrefix(name, manifestNamespace); found {
					name = namespace + rest
				}
				for _, verb := range rule.Verbs {
					all = append(all, authorizationv1.ResourceAttributes{
						Namespace: scope, Verb: verb, Group: group, Resource: resource, Subresource: subresource, Name: name,
					})
				}
			}
		}
	}
	return all
}

// limited returns the rights of an installation for some namespaces only. It has those to objects in namespaces in each of these alone, and those that
// concern Tanist itself in its own. The Lease of another installation may be anywhere, and has a name.
func limited(needed []authorizationv1.ResourceAttributes, namespaces []string, own string) []authorizationv1.ResourceAttributes {
	everywhere := sets.New("namespaces", "nodes", "tokenreviews", "subjectaccessreviews",
		"mutatingwebhookconfigurations", "validatingwebhookconfigurations")
	inOwn := sets.New("pods", "events")
	var all []authorizationv1.ResourceAttributes
	for _, a := range needed {
		if a.Namespace != "" || everywhere.Has(a.Resource) || a.Resource == "leases" && a.Name != "" {
			all = append(all, a)
			continue
		}
		in := namespaces
		if inOwn.Has(a.Resource) {
			in = append(slices.Clone(namespaces), own)
		}
		for _, namespace := range in {
			a.Namespace = namespace
			all = append(all, a)
		}
	}
	return all
}
