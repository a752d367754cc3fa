//go:build chart

package deploy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

// TestRights checks Tanist's rights word for word. That each is used is what the integration tests check.
func TestRights(t *testing.T) {
	const configurations = "admissionregistration.k8s.io mutatingwebhookconfigurations,validatingwebhookconfigurations"
	const leases = "coordination.k8s.io leases: get,list,watch"
	cannotBeLimited := []string{
		" namespaces,nodes: list,watch",
		"coordination.k8s.io leases [tanist]: get",
	}
	inNamespaces := []string{
		" pods: list,watch",
		"apps daemonsets,deployments,replicasets,statefulsets: list,watch",
		" services: get,list,watch,create,patch,delete",
		" services/status: patch",
		"discovery.k8s.io endpointslices: get,list,watch,create,update,delete",
		"discovery.k8s.io endpointslices/restricted: create",
		" endpoints: get,delete",
		"events.k8s.io events: create",
		leases,
	}
	alwaysEverywhere := slices.Concat(cannotBeLimited, inNamespaces)
	alwaysOwn := []string{
		"coordination.k8s.io leases: get,create,update",
		" configmaps [tanist-tuning,tanist-state]: list,watch",
		" configmaps [tanist-tuning]: get",
		" configmaps [tanist-state]: patch",
	}
	ofAdmissionAndMetrics := []string{
		configurations + " [tanist-system-tanist]: list,watch",
		"authentication.k8s.io tokenreviews: create",
		"authorization.k8s.io subjectaccessreviews: create",
	}
	cases := map[string]struct {
		values          []string
		everywhere, own []string
		// limited are the rights in each of watchNamespaces.
		limited []string
	}{
		"for some namespaces": {
			values:     []string{"watchNamespaces={shop,bank}"},
			everywhere: slices.Concat(cannotBeLimited, ofAdmissionAndMetrics),
			own: slices.Concat(alwaysOwn[:2], []string{" pods: list,watch", "events.k8s.io events: create"}, alwaysOwn[2:], []string{
				"cert-manager.io certificates [tanist-serving]: list,watch",
			}),
			limited: inNamespaces,
		},
		"without Leases to follow": {
			values:     []string{"followLeases=false"},
			everywhere: slices.DeleteFunc(slices.Concat(alwaysEverywhere, ofAdmissionAndMetrics), func(right string) bool { return right == leases }),
			own: slices.Concat(alwaysOwn, []string{
				"cert-manager.io certificates [tanist-serving]: list,watch",
			}),
		},
		"with admission": {
			everywhere: slices.Concat(alwaysEverywhere, ofAdmissionAndMetrics),
			own: slices.Concat(alwaysOwn, []string{
				"cert-manager.io certificates [tanist-serving]: list,watch",
			}),
		},
		"with self-managed certificates": {
			values: []string{"admission.certificates=self-managed"},
			everywhere: slices.Concat(alwaysEverywhere, []string{
				configurations + " [tanist-system-tanist]: list,watch",
				configurations + " [tanist-system-tanist]: patch",
				"authentication.k8s.io tokenreviews: create",
				"authorization.k8s.io subjectaccessreviews: create",
			}),
			own: slices.Concat(alwaysOwn, []string{
				" secrets [tanist-self-managed]: list,watch,patch",
			}),
		},
		"with evictions": {
			values:     []string{"afterHandover.evictions=true", "admission.enabled=false", "metrics.secure=false"},
			everywhere: slices.Concat(alwaysEverywhere, []string{" pods/eviction: create"}),
			own:        alwaysOwn,
		},
		"with evictions, for some namespaces": {
			values:     []string{"afterHandover.evictions=true", "admission.enabled=false", "metrics.secure=false", "watchNamespaces={shop,bank}"},
			everywhere: cannotBeLimited,
			own:        slices.Concat(alwaysOwn[:2], []string{" pods: list,watch", "events.k8s.io events: create"}, alwaysOwn[2:]),
			limited:    slices.Concat(inNamespaces, []string{" pods/eviction: create"}),
		},
		"with tokens for grants, and metrics for everybody": {
			values: []string{"grants.enabled=true", "grants.tokens=true", "metrics.secure=false"},
			everywhere: slices.Concat(alwaysEverywhere, []string{
				configurations + " [tanist-system-tanist]: list,watch",
				"authentication.k8s.io tokenreviews: create",
			}),
			own: slices.Concat(alwaysOwn, []string{
				"cert-manager.io certificates [tanist-serving]: list,watch",
			}),
		},
		"without": {
			values:     []string{"admission.enabled=false", "admission.certificates=self-managed", "metrics.secure=false"},
			everywhere: alwaysEverywhere,
			own:        alwaysOwn,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			all := render(t, test.values...)
			if diff := cmp.Diff(test.everywhere, rights(get[*rbacv1.ClusterRole](t, all, "tanist-system-tanist").Rules)); diff != "" {
				t.Errorf("unexpected rights everywhere (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.own, rights(get[*rbacv1.Role](t, all, "tanist").Rules)); diff != "" {
				t.Errorf("unexpected rights in its own namespace (-want +got):\n%s", diff)
			}
			want := map[string][]string{}
			if test.limited != nil {
				want = map[string][]string{"shop": test.limited, "bank": test.limited, "default": {"events.k8s.io events: create"}}
			}
			if diff := cmp.Diff(want, elsewhere(t, all)); diff != "" {
				t.Errorf("unexpected rights in other namespaces (-want +got):\n%s", diff)
			}
		})
	}
}

// elsewhere returns the rights by Roles in other namespaces than Tanist's own. Each must be bound to Tanist's account.
func elsewhere(t *testing.T, all objects) map[string][]string {
	t.Helper()
	found, bound := map[string][]string{}, map[string]string{}
	for _, object := range all {
		if role, ok := object.(*rbacv1.Role); ok && role.Namespace != namespace {
			found[role.Namespace], bound[role.Namespace] = rights(role.Rules), role.Name
		}
	}
	for _, object := range all {
		binding, ok := object.(*rbacv1.RoleBinding)
		if !ok || binding.Namespace == namespace {
			continue
		}
		want := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "tanist", Namespace: namespace}}
		if diff := cmp.Diff(want, binding.Subjects); diff != "" || binding.RoleRef.Name != bound[binding.Namespace] || binding.RoleRef.Kind != "Role" {
			t.Errorf("unexpected binding in %s: %+v", binding.Namespace, binding)
		}
		delete(bound, binding.Namespace)
	}
	if len(bound) > 0 {
		t.Errorf("not bound: %v", bound)
	}
	return found
}

// rights returns rules as text: "<groups> <resources> [<names>]: <verbs>".
func rights(rules []rbacv1.PolicyRule) []string {
	var all []string
	for _, rule := range rules {
		names := ""
		if len(rule.ResourceNames) > 0 {
			names = " [" + strings.Join(rule.ResourceNames, ",") + "]"
		}
		all = append(all, fmt.Sprintf("%s %s%s: %s", strings.Join(rule.APIGroups, ","), strings.Join(rule.Resources, ","),
			names, strings.Join(rule.Verbs, ",")))
	}
	return all
}

// TestRightsAreBound checks that the rights are bound to Tanist's service account in the namespace of the release.
func TestRightsAreBound(t *testing.T) {
	all := renderDefault(t)
	want := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "tanist", Namespace: namespace}}
	everywhere, own := get[*rbacv1.ClusterRoleBinding](t, all), get[*rbacv1.RoleBinding](t, all)
	if diff := cmp.Diff([][]rbacv1.Subject{want, want}, [][]rbacv1.Subject{everywhere.Subjects, own.Subjects}); diff != "" {
		t.Errorf("unexpected subjects (-want +got):\n%s", diff)
	}
	if everywhere.RoleRef.Name != get[*rbacv1.ClusterRole](t, all, "tanist-system-tanist").Name || own.RoleRef.Name != get[*rbacv1.Role](t, all).Name {
		t.Errorf("unexpected roles %v and %v", everywhere.RoleRef, own.RoleRef)
	}
}
